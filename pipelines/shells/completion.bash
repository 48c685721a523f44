# Tab completion of kerascnn for bash, written by: kerascnn completion bash

_kerascnn_options() {
  case "$1" in
@OPTIONS@
  esac
}

_kerascnn_values() {
  case "$1" in
@VALUES@
    *) return 1 ;;
  esac
}

_kerascnn() {
  local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} option="" options="" values="" paths="" start=2 word
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "@COMMANDS@ --help --version" -- "$current")
    return
  fi
  case $command in
@SUBCOMMANDS@
  esac
  if [[ -n $values ]]; then
    if ((COMP_CWORD == 2)); then
      mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
      return
    fi
    command="$command ${COMP_WORDS[2]}" start=3 values=""
  fi
  for word in "${COMP_WORDS[@]:start:COMP_CWORD-start}"; do
    if [[ $word == -* ]]; then option=${word//_/-}; fi
  done
  if [[ $current == "=" ]]; then current=""; fi
  _kerascnn_options "$command"
  # after a switch, as without any option, comes a positional argument
  _kerascnn_values "$command $option" || _kerascnn_values "$command "
  if [[ $current == -* || -z $current$values$paths ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
  if [[ -n $paths ]]; then
    compopt -o filenames 2> /dev/null
    local kind=-f
    if [[ $paths == folders ]]; then kind=-d; fi
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$kind" -- "$current")
  fi
}

complete -F _kerascnn kerascnn
