#compdef kerascnn
# Tab completion of kerascnn for zsh, written by: kerascnn completion zsh

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
  local current=$words[CURRENT] command=$words[2] option="" options="" values="" paths="" start=3 word
  if (( CURRENT == 2 )); then
    compadd -- @COMMANDS@ --help --version
    return
  fi
  case $command in
@SUBCOMMANDS@
  esac
  if [[ -n $values ]]; then
    if (( CURRENT == 3 )); then
      compadd -- ${=values}
      return
    fi
    command="$command $words[3]" start=4 values=""
  fi
  for word in "${(@)words[start,CURRENT-1]}"; do
    if [[ $word == -* ]]; then option=${word//_/-}; fi
  done
  _kerascnn_options "$command"
  # after a switch, as without any option, comes a positional argument
  _kerascnn_values "$command $option" || _kerascnn_values "$command "
  if [[ $current == -* || -z $current$values$paths ]]; then
    compadd -- ${=options}
    return
  fi
  if [[ -n $values ]]; then compadd -- ${=values}; fi
  case $paths in
    files) _files ;;
    folders) _files -/ ;;
  esac
}

if [[ $funcstack[1] == _kerascnn ]]; then
  _kerascnn "$@"
else
  compdef _kerascnn kerascnn
fi
