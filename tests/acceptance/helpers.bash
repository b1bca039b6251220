# What every script of a case may use. It runs with `bash -eu -o pipefail` in a folder of its own.

# Print a command, run it, and print its exit status if it is not 0; the script goes on.
trace() {
    local word code=0
    printf '>>>'
    for word in "$@"; do
        case $word in
            *[![:print:]]*) printf ' %q' "$word" ;;
            '' | *[!A-Za-z0-9_./:=@%+,~-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$@" || code=$?
    [ "$code" = 0 ] || echo "exit $code"
}

# The same commit digests on every machine and day.
export GIT_AUTHOR_NAME=tester GIT_AUTHOR_EMAIL=tester@example.com GIT_AUTHOR_DATE='2024-01-01T00:00:00Z'
export GIT_COMMITTER_NAME=tester GIT_COMMITTER_EMAIL=tester@example.com GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'

# Make the current folder a git repository with one commit of all that is in it, on the branch main.
git_project() {
    printf '%s\n' .mkflow/ .metaflow/ > .gitignore
    git init --quiet --initial-branch=main
    git_commit
}

git_commit() {
    git add --all
    git commit --quiet --message=change
}

# Repeat a character: `repeat 3 a` prints aaa.
repeat() {
    head -c "$1" /dev/zero | tr '\0' "$2"
}

# Of the output of a run, what does not depend on the version of Metaflow or on what else is installed.
run_lines() {
    grep -v -i -e pylint -e 'Validating your flow' -e 'The graph looks good' -e 'Creating local datastore' \
        -e 'Task is starting' -e 'finished successfully' -e '^Metaflow ' || true
}
