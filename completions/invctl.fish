# Completion for fish. What may come next is answered by the program itself (`invctl complete line`), so that
# this file knows no command and no option.

function __invctl_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    # The token is as it was typed; one that ends inside a quotation only loses the mark it began with.
    set -l current (string unescape -- $token 2>/dev/null)
    or set current (string replace -r '^[\'"]' '' -- $token)

    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    command -q -- $program
    or set program invctl
    set -e words[1]
    set -l answer (command $program complete line invctl $words "$current" 2>/dev/null </dev/null)
    test (count $answer) -gt 0
    or return 0

    set -l place (string split -m 1 \t -- $answer[1])
    set -e answer[1]
    switch $place[1]
        case words parts
            # fish itself puts no space after a = at the end.
            printf '%s\n' $answer
        case files directories
            set -l kept $place[2]
            set -l path (string sub -s (math (string length -- "$kept") + 1) -- "$current")
            set -l found
            if test $place[1] = files
                set found (__fish_complete_path "$path")
            else
                set found (__fish_complete_directories "$path" '')
            end
            for name in $found
                printf '%s%s\n' "$kept" $name
            end
    end
end

complete -c invctl -f -a '(__invctl_complete)'
