import type { Shell } from './completion.js'

/** The scripts that shells run: they call `hopwise --get-completions` for each word, and complete file names themselves. */

// Also for bash 3.2, without mapfile and compopt. If nothing fits, readline's own completion runs, which handles quotes.
const BASH = `# hopwise completion for bash. In ~/.bashrc:  source <(hopwise completion bash)
_hopwise() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" kind="" prefix="" line
  COMPREPLY=()
  {
    IFS=' ' read -r kind prefix
    while IFS= read -r line; do COMPREPLY+=("\${line%%$'\\t'*}"); done
  } < <(hopwise --get-completions bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
  case "$cur" in = | :) cur="" ;; esac
  if [ "$kind" = files ]; then
    while IFS= read -r line; do COMPREPLY+=("$prefix$line"); done < <(compgen -f -- "\${cur#"$prefix"}" 2>/dev/null)
    compopt -o filenames 2>/dev/null
  elif [ "$kind" = words ]; then
    compopt +o default +o bashdefault 2>/dev/null
  fi
  return 0
}
complete -o bashdefault -o default -F _hopwise hopwise
`

const ZSH = `#compdef hopwise
# hopwise completion for zsh. In ~/.zshrc:  source <(hopwise completion zsh)
_hopwise() {
  local -a lines entries
  local line kind prefix
  lines=("\${(@f)$(hopwise --get-completions zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)}")
  kind=\${lines[1]%% *}
  prefix=\${lines[1]#* }
  for line in "\${(@)lines[2,-1]}"; do
    entries+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( \${#entries} )) && _describe -t words hopwise entries
  if [[ $kind == files ]]; then
    [[ -n $prefix ]] && compset -P '*='
    _files
  fi
}
if [[ \${zsh_eval_context[-1]} == loadautofunc ]]; then
  _hopwise "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _hopwise hopwise
fi
`

const FISH = `# hopwise completion for fish. In ~/.config/fish/config.fish:  hopwise completion fish | source
function __hopwise_complete
  set -l current (commandline -ct)
  set -l before (commandline -opc)
  set -l lines (hopwise --get-completions fish $before[2..-1] "$current" 2>/dev/null </dev/null)
  set -l first (string split -m 1 ' ' -- $lines[1])
  if test (count $lines) -gt 1
    printf '%s\\n' $lines[2..-1]
  end
  if test "$first[1]" = files
    set -l length (string length -- "$first[2]")
    for path in (__fish_complete_path (string sub -s (math $length + 1) -- "$current"))
      printf '%s%s\\n' "$first[2]" $path
    end
  end
end
complete -c hopwise -f -a '(__hopwise_complete)'
`

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH }

export const completionScript = (shell: Shell): string => SCRIPTS[shell]
