# Completion for bash 4.4 or later. What may come next is answered by the program itself (`invctl complete
# line`), so that this file knows no command and no option.

# Takes quotes and backslashes off a word as it was typed, which may end inside a quotation. Runs nothing.
# Sets `plain`, and for a quotation that is still open `quote` and `quote_at`, its place in the word.
_invctl_unquote() {
  local word=$1 char
  local -i i
  plain='' quote='' quote_at=-1
  for ((i = 0; i < ${#word}; i++)); do
    char=${word:i:1}
    case $quote$char in
      \'\' | \"\") quote='' ;;
      \' | \") quote=$char quote_at=$i ;;
      \"\\)
        [[ ${word:i+1:1} == [\$\`\"\\] ]] && i+=1
        plain+=${word:i:1}
        ;;
      \\)
        i+=1
        plain+=${word:i:1}
        ;;
      *) plain+=$char ;;
    esac
  done
  [[ $quote ]] || quote_at=-1
}

# The inverse: sets `typed` to $1 as it has to be written inside the quotation `quote`, or outside of any.
_invctl_quote() {
  local word=$1 char special=$' \t!"#$&\'()*;<>?[\\]^`{|}~'
  local -i i
  [[ $quote != \" ]] || special=$'"$`\\'
  typed=''
  for ((i = 0; i < ${#word}; i++)); do
    char=${word:i:1}
    if [[ $quote == \' ]]; then
      [[ $char != \' ]] || char="'\\''"
      typed+=$char
    elif [[ $special == *"$char"* ]]; then
      typed+=\\$char
    else
      typed+=$char
    fi
  done
  # readline takes a quotation mark at the end of the word for the closing one.
  [[ ! $quote || $typed != *"$quote" ]] || typed+=$quote
}

_invctl() {
  local -a words=() answer
  local rest=${COMP_LINE:0:COMP_POINT} piece raw='' kept='' program plain quote typed line place
  local -i i quote_at
  COMPREPLY=()

  # bash splits words at = and : too; what stands together on the line is one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    piece=${rest#"${rest%%[![:space:]]*}"}
    if ((i < COMP_CWORD)); then
      [[ $piece == "$rest" ]] || raw='' kept=''
      kept=$raw
      raw+=${COMP_WORDS[i]}
      rest=${piece#"${COMP_WORDS[i]}"}
    else
      [[ $piece == "$rest" ]] || raw='' kept=''
      kept=$raw
      raw+=$piece
    fi
    if [[ $kept ]]; then
      words[${#words[@]} - 1]=$raw
    else
      words+=("$raw")
    fi
  done
  # Only what follows the last = or : is replaced, or begins with the last @, or follows an open quotation mark.
  [[ $piece == *[!=:@\>\<\;\|\&\(]* ]] || kept=$raw
  kept=${kept%@}

  # A file to write to or read from is not our word.
  if ((${#words[@]} > 2)) && [[ ${words[${#words[@]} - 2]} =~ ^[0-9]?(\<|\>|\>\>)$ ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$raw")
    return
  fi

  for ((i = 0; i < ${#words[@]}; i++)); do
    _invctl_unquote "${words[i]}"
    words[i]=$plain
  done
  ((quote_at < 0)) || kept=${raw:0:quote_at}
  piece=$quote
  _invctl_unquote "$kept"
  kept=$plain quote=$piece

  program=${words[0]/#\~\//$HOME/}
  type -P "$program" >/dev/null || program=invctl
  mapfile -t answer < <(command "$program" complete line invctl "${words[@]:1}" 2>/dev/null </dev/null)
  ((${#answer[@]})) || return 0

  place=${answer[0]%%$'\t'*}
  case $place in
    files | directories)
      piece=-f
      [[ $place == files ]] || piece=-d
      place=${answer[0]#*$'\t'}
      line=${words[${#words[@]} - 1]#"$place"}
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do
        line=$place$line
        COMPREPLY+=("${line#"$kept"}")
      done < <(compgen $piece -- "$line")
      return
      ;;
    parts) compopt -o nospace 2>/dev/null ;;
  esac
  for line in "${answer[@]:1}"; do
    line=${line%%$'\t'*}
    [[ $line == "$kept"* ]] || continue
    _invctl_quote "${line#"$kept"}"
    COMPREPLY+=("$typed")
  done
}

complete -F _invctl invctl
