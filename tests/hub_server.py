"""A local server with the part of the Hugging Face Hub's interface that uploads and downloads of models use."""

import base64
import contextlib
import hashlib
import json
import re
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

WRITER, READER = "hf_writer", "hf_reader"
"""Tokens: one that may write, and one that may read private repositories."""
LFS_SUFFIXES = (".keras", ".model", ".png")


@dataclass
class Repository:
    """A repository: branches name commits, and a commit is all files."""

    private: bool
    gated: bool = False
    branches: dict = field(default_factory=lambda: {"main": "0" * 40})
    commits: dict = field(default_factory=lambda: {"0" * 40: {".gitattributes": b""}})
    messages: list = field(default_factory=list)


class Hub(ThreadingHTTPServer):
    """The server; ``requests`` lists method and path of each request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories, self.blobs, self.requests, self.connections = {}, {}, [], []

    def process_request(self, request, client_address):
        self.connections.append(request)
        super().process_request(request, client_address)

    def stop(self):
        """Close the server and all connections, which clients keep open."""
        self.shutdown()
        self.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def storage(self):
        """Address of large files, which the Hub has on another host."""
        return f"http://localhost:{self.server_port}"

    def files(self, name, branch="main"):
        """Files of the newest commit of a branch, name to bytes."""
        repository = self.repositories[name]
        return repository.commits[repository.branches[branch]]

    def change(self, name, **files):
        """Replace files of the branch main, in a new commit."""
        self.add_commit(name, "main", {**self.files(name), **files}, "change")

    def add_commit(self, name, branch, files, message):
        content = "".join(f"{path} {hashlib.sha1(data).hexdigest()}" for path, data in sorted(files.items()))
        repository = self.repositories[name]
        commit = hashlib.sha1(f"{repository.branches[branch]}{message}{content}".encode()).hexdigest()
        repository.commits[commit], repository.branches[branch] = files, commit
        repository.messages.append(message)
        return commit


class Handler(BaseHTTPRequestHandler):
    """Answers requests by ``ROUTES``."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_one(self):
        path = urlsplit(self.path).path  # a slash of a revision is quoted
        self.server.requests.append(f"{self.command} {unquote(path)}")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for method, pattern, answer in ROUTES:
            if method == self.command.replace("HEAD", "GET") and (match := re.fullmatch(pattern, path)):
                answer(self, body, **{key: unquote(value) for key, value in match.groupdict().items()})
                return
        self.reply(404, {"error": f"no route {self.command} {path}"})

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_one  # noqa: N815

    def reply(self, status, value=b"", **headers):
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def fail(self, status, code, text="not found"):
        self.reply(status, {"error": text}, X_Error_Code=code, X_Error_Message=text)

    @property
    def token(self):
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def find(self, name, revision="main"):
        """Repository and commit that the user may see; answers the error and returns None without one."""
        repository = self.server.repositories.get(name)
        if repository is None or (repository.private and self.token not in (WRITER, READER)):
            self.fail(401 if not self.token else 404, "RepoNotFound", "Repository not found")
        elif repository.gated and self.token != WRITER:
            self.fail(403, "GatedRepo", "Access to this model is restricted")
        else:
            commit = repository.branches.get(revision, revision if revision in repository.commits else None)
            if commit:
                return repository, commit
            self.fail(404, "RevisionNotFound", "Invalid rev id")
        return None

    def may_write(self):
        if self.token not in (WRITER, READER):
            self.reply(401, {"error": "Invalid username or password."})
        elif self.token != WRITER:
            self.reply(403, {"error": "You don't have the rights to create a model under this namespace"})
        return self.token == WRITER

    def create(self, body):
        request = json.loads(body)
        name = f"{request['organization']}/{request['name']}"
        if not self.may_write():
            return
        private = request.get("visibility") == "private" or request.get("private") is True
        exists = name in self.server.repositories
        self.server.repositories.setdefault(name, Repository(private))
        self.reply(409 if exists else 200, {"url": f"{self.server.address}/{name}", "name": name})

    def branch(self, _, name, branch):
        if self.may_write() and (found := self.find(name)):
            exists = branch in found[0].branches
            found[0].branches.setdefault(branch, found[1])
            self.reply(409 if exists else 201, {})

    def info(self, _, name, revision=None):
        if found := self.find(name, revision or "main"):
            files = [{"rfilename": path} for path in found[0].commits[found[1]]]
            self.reply(200, {"_id": "1", "id": name, "sha": found[1], "siblings": files, "private": found[0].private})

    def tree(self, _, name, revision):
        if found := self.find(name, revision):
            self.reply(200, [describe(*item) for item in found[0].commits[found[1]].items()])

    def validate(self, body):
        text = json.loads(body)["content"]
        errors = [] if text.startswith("---\n") else [{"message": "empty or missing yaml metadata"}]
        self.reply(400 if errors else 200, {"errors": errors, "warnings": []})

    def preupload(self, body, name, revision):
        if self.may_write() and self.find(name, revision):
            files = [
                {"path": file["path"], "uploadMode": "lfs" if is_large(file["path"]) else "regular",
                 "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]  # fmt: skip
            self.reply(200, {"files": files})

    def batch(self, body, name):
        objects = [
            {"oid": item["oid"], "size": item["size"],
             "actions": {"upload": {"href": f"{self.server.address}/blobs/{item['oid']}"}}}
            for item in json.loads(body)["objects"]
        ]  # fmt: skip
        self.reply(200, {"transfer": "basic", "objects": objects})

    def put_blob(self, body, oid):
        assert hashlib.sha256(body).hexdigest() == oid
        self.server.blobs[oid] = body
        self.reply(200)

    def get_blob(self, _, oid):
        self.reply(200, self.server.blobs[oid])

    def commit(self, body, name, revision):
        if not (self.may_write() and (found := self.find(name, revision))):
            return
        repository, commit = found
        files, message = dict(repository.commits[commit]), ""
        for line in map(json.loads, body.decode().splitlines()):
            value = line["value"]
            if line["key"] == "header":
                message = value["summary"]
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.server.blobs[value["oid"]]
            else:
                del files[value["path"]]
        commit = self.server.add_commit(name, revision, files, message)
        self.reply(
            200, {"success": True, "commitOid": commit, "commitUrl": f"{self.server.address}/{name}/commit/{commit}"}
        )

    def resolve(self, _, name, revision, path):
        if not (found := self.find(name, revision)):
            return
        data = found[0].commits[found[1]].get(path)
        if data is None:
            self.fail(404, "EntryNotFound", "Entry not found")
        elif is_large(path):
            oid = hashlib.sha256(data).hexdigest()
            self.server.blobs[oid] = data
            self.reply(
                302, Location=f"{self.server.storage}/blobs/{oid}", X_Repo_Commit=found[1], ETag=f'"{oid}"',
                X_Linked_Etag=f'"{oid}"', X_Linked_Size=str(len(data)),
            )  # fmt: skip
        else:
            self.reply(200, data, X_Repo_Commit=found[1], ETag=f'"{git_hash(data)}"')


def is_large(path):
    """Whether the Hub stores a file outside git."""
    return path.endswith(LFS_SUFFIXES)


def git_hash(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def describe(path, data):
    entry = {"type": "file", "path": path, "size": len(data), "oid": git_hash(data)}
    if is_large(path):
        entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return entry


NAME, REVISION = "(?P<name>[^/]+/[^/]+)", "(?P<revision>[^/]+)"
ROUTES = (
    ("POST", "/api/repos/create", Handler.create),
    ("POST", "/api/validate-yaml", Handler.validate),
    ("POST", f"/api/models/{NAME}/branch/(?P<branch>[^/]+)", Handler.branch),
    ("POST", f"/api/models/{NAME}/preupload/{REVISION}", Handler.preupload),
    ("POST", f"/api/models/{NAME}/commit/{REVISION}", Handler.commit),
    ("GET", f"/api/models/{NAME}/revision/{REVISION}", Handler.info),
    ("GET", f"/api/models/{NAME}/tree/{REVISION}", Handler.tree),
    ("GET", f"/api/models/{NAME}", Handler.info),
    ("POST", f"/{NAME}.git/info/lfs/objects/batch", Handler.batch),
    ("PUT", "/blobs/(?P<oid>[0-9a-f]+)", Handler.put_blob),
    ("GET", "/blobs/(?P<oid>[0-9a-f]+)", Handler.get_blob),
    ("GET", f"/{NAME}/resolve/{REVISION}/(?P<path>.+)", Handler.resolve),
)


@contextlib.contextmanager
def run_hub():
    """Start the server in a thread, and stop it at the end of the block."""
    with Hub() as hub:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
        yield hub
        hub.stop()
