# Sourced by `start` and `configured`: ejabberd's emulator, as `ejabberdctl` would run it, which would become the user of the
# package first. It has no node name, so that there is neither a distribution port nor `epmd`.

# Sets up what the emulator finds in its environment. Everything that it writes is below $PUSHSPEC_DIR.
prepare_ejabberd() {
    export EJABBERD_CONFIG_PATH=$PUSHSPEC_DIR/ejabberd.yml EJABBERD_LOG_PATH=$PUSHSPEC_DIR/ejabberd.log
    export ERL_CRASH_DUMP=$PUSHSPEC_DIR/crash.dump HOME=$PUSHSPEC_DIR
    ERL_LIBS=$(dirname "$(dirname "$(dpkg -L ejabberd | grep '/ebin$' | head -n 1)")")
    export ERL_LIBS
    emulator=(-noshell -noinput -mnesia dir "\"$PUSHSPEC_DIR/mnesia\"")
}

# Becomes the emulator, which runs until SIGTERM ends it.
exec_ejabberd() {
    exec erl "${emulator[@]}" -s ejabberd
}

# Makes a user, before the server is reachable.
register_user() {
    USER_NAME=$1 PASSWORD=$2 erl "${emulator[@]}" -s ejabberd -eval '
        {ok, _} = application:ensure_all_started(ejabberd),
        [Name, Password] = [list_to_binary(os:getenv(Key)) || Key <- ["USER_NAME", "PASSWORD"]],
        ok = ejabberd_auth:try_register(Name, <<"localhost">>, Password),
        init:stop()' >&2
}
