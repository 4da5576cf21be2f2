# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_grpc_discover_global_optspecs
    string join \n h/help V/version
end

function __fish_grpc_discover_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_grpc_discover_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_grpc_discover_using_subcommand
    set -l cmd (__fish_grpc_discover_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -s h -l help -d 'Print help'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -s V -l version -d 'Print version'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "resolve" -d 'Ask every backend once: who lists which endpoint, and where they disagree'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "probe" -d 'Resolve, then reach every endpoint: tcp, tls, http2, health; a verdict for each'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "watch" -d 'Keep a channel open and show every change as it happens'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "backends" -d 'Which backends are active, with which settings from where, and whether they answer'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "explain" -d 'What a finding means, what proves it, what to do'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "demo" -d 'See it at work without any infrastructure: a pod moves while the channel is idle'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "man" -d 'Print the manual page (roff)'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "config" -d 'Work with the configuration file'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l for -d 'With --watch: end with the verdict of that moment after this long' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l backend -d 'For bare names ask only these backends (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l dns-server -d 'Ask this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l dns-interval -d 'Ask DNS again this often [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l dc -d 'Consul: the datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l tag -d 'Consul: only instances with this tag (repeat: with all of them)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s n -l namespace -d 'Kubernetes: the namespace of services that name none [default: the context\'s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l context -d 'Kubernetes: the context of the kubeconfig [default: its current one]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l port -d 'The port for names that come without one [default: 443, as gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l resolve-timeout -d 'How long a registry may take for its first word [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l fail-on -d 'The least severity that spoils the exit code [default: warn]' -r -f -a "warn\t'Anything that is wrong'
critical\t'Only what makes clients fail'
never\t'Nothing: exit 0 whatever was found'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l min-ready -d 'So many healthy endpoints are enough' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l expect -d 'This address must be listed (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l warn-expiry -d 'Warn of certificates that expire within this time; 0 never does [default: 14d]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l max-time -d 'End without a verdict after this long: exit 124' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s o -l output -d 'How to print [default: table]' -r -f -a "table\t'For people: the verdict first'
wide\t'The table with every endpoint and every column'
json\t'One document at the end'
ndjson\t'One event a line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l color -d 'Colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l config -d 'The configuration file [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l profile -d 'Use the settings of [profile.NAME] of the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l watch -d 'Go on and show every change as it comes'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s 4 -l ipv4 -d 'IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s 6 -l ipv6 -d 'IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l dry-run -d 'Say what would be contacted, and contact nothing'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s q -l quiet -d 'Nothing on stderr but errors'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s v -l verbose -d 'More: connection phases, notes of registries, which settings are used'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l no-config -d 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l backend -d 'For bare names ask only these backends (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l dns-server -d 'Ask this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l dns-interval -d 'Ask DNS again this often [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l dc -d 'Consul: the datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l tag -d 'Consul: only instances with this tag (repeat: with all of them)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s n -l namespace -d 'Kubernetes: the namespace of services that name none [default: the context\'s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l context -d 'Kubernetes: the context of the kubeconfig [default: its current one]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l port -d 'The port for names that come without one [default: 443, as gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l resolve-timeout -d 'How long a registry may take for its first word [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l tls -d 'TLS: auto finds out for each endpoint and says what it found [default: auto]' -r -f -a "auto\t'Find out for each endpoint'
on\t'Always'
off\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l cacert -d 'Trust these roots (PEM) instead of the system\'s' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l cert -d 'Client certificate chain (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l key -d 'Client key (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l servername -d 'Verify the certificate against this name' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l authority -d 'The :authority to send [default: the target\'s name]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l service -d 'Ask the health of this service [default: of the whole server]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s H -l header -d 'Send this metadata with every RPC: \'name: value\', or @FILE with one a line (repeat)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l connect-timeout -d 'Time limit for TCP, TLS and the server\'s SETTINGS together [default: 5s; 20s for watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l rpc-timeout -d 'One health RPC [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keepalive-time -d 'Ping a silent connection after this long; 0 never does [default: 0]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keepalive-timeout -d 'Give a connection up when a ping is not answered for this long [default: 20s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l idle -d 'Without an RPC for this long the channel goes IDLE; 0 never does. With probe: run the idle cycle' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l idle-ladder -d 'With probe --idle: hold a silent connection for each of these times too, shortest first, e.g. 10s,60s,350s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l find-cutoff -d 'With probe --idle: find out how long a silence, up to this one, the path to an endpoint tolerates' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l lb -d 'Load-balancing policy [default: pick_first, as gRPC; in watch round_robin]' -r -f -a "pick_first\t'One connection, to the first address that answers'
round_robin\t'A connection to every endpoint'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l check-interval -d 'With watch: check a READY endpoint that has sent nothing for this long; 0 only before the end [default: 30s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l as -d 'What these clients would hold: kratos@2.7.2, grpc-go, all … [default: with probe --idle those in the wrong]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keep-connected -d 'Reconnect when a connection is lost, without waiting for an RPC [default: true in watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s c -l concurrency -d 'Endpoints probed at the same time [default: 256]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l rate -d 'Begin at most this many probes a second' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l max-endpoints -d 'Probe at most this many endpoints, and say how many were left out' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l fail-on -d 'The least severity that spoils the exit code [default: warn]' -r -f -a "warn\t'Anything that is wrong'
critical\t'Only what makes clients fail'
never\t'Nothing: exit 0 whatever was found'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l min-ready -d 'So many healthy endpoints are enough' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l expect -d 'This address must be listed (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l warn-expiry -d 'Warn of certificates that expire within this time; 0 never does [default: 14d]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l max-time -d 'End without a verdict after this long: exit 124' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s o -l output -d 'How to print [default: table]' -r -f -a "table\t'For people: the verdict first'
wide\t'The table with every endpoint and every column'
json\t'One document at the end'
ndjson\t'One event a line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l color -d 'Colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l config -d 'The configuration file [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l profile -d 'Use the settings of [profile.NAME] of the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s 4 -l ipv4 -d 'IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s 6 -l ipv6 -d 'IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l plaintext -d 'No TLS: the same as --tls off'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s k -l insecure -d 'TLS without verifying the certificate'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keepalive-without-calls -d 'Ping without RPCs in flight too'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keepalive-force -d 'Allow --keepalive-time below 10s, which servers punish (gRFC A8)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l client-health -d 'Health decides the connectivity state (gRFC A17; not with pick_first)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l dry-run -d 'Say what would be contacted, and contact nothing'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s q -l quiet -d 'Nothing on stderr but errors'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s v -l verbose -d 'More: connection phases, notes of registries, which settings are used'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l no-config -d 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l for -d 'End with the verdict of that moment after this long' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l until -d 'End as soon as this is so' -r -f -a "ready\t'The channel is READY'
stable\t'READY, and nothing has changed for 10 s'
drained\t'No endpoint is listed any more'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l backend -d 'For bare names ask only these backends (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l dns-server -d 'Ask this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l dns-interval -d 'Ask DNS again this often [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l dc -d 'Consul: the datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l tag -d 'Consul: only instances with this tag (repeat: with all of them)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s n -l namespace -d 'Kubernetes: the namespace of services that name none [default: the context\'s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l context -d 'Kubernetes: the context of the kubeconfig [default: its current one]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l port -d 'The port for names that come without one [default: 443, as gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l resolve-timeout -d 'How long a registry may take for its first word [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l tls -d 'TLS: auto finds out for each endpoint and says what it found [default: auto]' -r -f -a "auto\t'Find out for each endpoint'
on\t'Always'
off\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l cacert -d 'Trust these roots (PEM) instead of the system\'s' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l cert -d 'Client certificate chain (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l key -d 'Client key (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l servername -d 'Verify the certificate against this name' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l authority -d 'The :authority to send [default: the target\'s name]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l service -d 'Ask the health of this service [default: of the whole server]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s H -l header -d 'Send this metadata with every RPC: \'name: value\', or @FILE with one a line (repeat)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l connect-timeout -d 'Time limit for TCP, TLS and the server\'s SETTINGS together [default: 5s; 20s for watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l rpc-timeout -d 'One health RPC [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keepalive-time -d 'Ping a silent connection after this long; 0 never does [default: 0]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keepalive-timeout -d 'Give a connection up when a ping is not answered for this long [default: 20s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l idle -d 'Without an RPC for this long the channel goes IDLE; 0 never does. With probe: run the idle cycle' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l idle-ladder -d 'With probe --idle: hold a silent connection for each of these times too, shortest first, e.g. 10s,60s,350s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l find-cutoff -d 'With probe --idle: find out how long a silence, up to this one, the path to an endpoint tolerates' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l lb -d 'Load-balancing policy [default: pick_first, as gRPC; in watch round_robin]' -r -f -a "pick_first\t'One connection, to the first address that answers'
round_robin\t'A connection to every endpoint'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l check-interval -d 'With watch: check a READY endpoint that has sent nothing for this long; 0 only before the end [default: 30s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l as -d 'What these clients would hold: kratos@2.7.2, grpc-go, all … [default: with probe --idle those in the wrong]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keep-connected -d 'Reconnect when a connection is lost, without waiting for an RPC [default: true in watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l fail-on -d 'The least severity that spoils the exit code [default: warn]' -r -f -a "warn\t'Anything that is wrong'
critical\t'Only what makes clients fail'
never\t'Nothing: exit 0 whatever was found'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l min-ready -d 'So many healthy endpoints are enough' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l expect -d 'This address must be listed (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l warn-expiry -d 'Warn of certificates that expire within this time; 0 never does [default: 14d]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l max-time -d 'End without a verdict after this long: exit 124' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s o -l output -d 'How to print [default: table]' -r -f -a "table\t'For people: the verdict first'
wide\t'The table with every endpoint and every column'
json\t'One document at the end'
ndjson\t'One event a line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l color -d 'Colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l config -d 'The configuration file [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l profile -d 'Use the settings of [profile.NAME] of the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s 4 -l ipv4 -d 'IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s 6 -l ipv6 -d 'IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l plaintext -d 'No TLS: the same as --tls off'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s k -l insecure -d 'TLS without verifying the certificate'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keepalive-without-calls -d 'Ping without RPCs in flight too'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keepalive-force -d 'Allow --keepalive-time below 10s, which servers punish (gRFC A8)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l client-health -d 'Health decides the connectivity state (gRFC A17; not with pick_first)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l dry-run -d 'Say what would be contacted, and contact nothing'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s q -l quiet -d 'Nothing on stderr but errors'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s v -l verbose -d 'More: connection phases, notes of registries, which settings are used'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l no-config -d 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l backend -d 'For bare names ask only these backends (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l dns-server -d 'Ask this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l dns-interval -d 'Ask DNS again this often [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l dc -d 'Consul: the datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l tag -d 'Consul: only instances with this tag (repeat: with all of them)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s n -l namespace -d 'Kubernetes: the namespace of services that name none [default: the context\'s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l context -d 'Kubernetes: the context of the kubeconfig [default: its current one]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l port -d 'The port for names that come without one [default: 443, as gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l resolve-timeout -d 'How long a registry may take for its first word [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l color -d 'Colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l config -d 'The configuration file [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l profile -d 'Use the settings of [profile.NAME] of the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'One document'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s 4 -l ipv4 -d 'IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s 6 -l ipv6 -d 'IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s q -l quiet -d 'Nothing on stderr but errors'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s v -l verbose -d 'More: connection phases, notes of registries, which settings are used'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l no-config -d 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand explain" -s o -l output -d 'How to print' -r -f -a "table\t'For people'
json\t'One document'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l idle -d 'How long the channel may be silent before it goes IDLE' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -s o -l output -d 'How to print [default: table]' -r -f -a "table\t'For people: the verdict first'
wide\t'The table with every endpoint and every column'
json\t'One document at the end'
ndjson\t'One event a line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l color -d 'Colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l config -d 'The configuration file [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l profile -d 'Use the settings of [profile.NAME] of the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l dry-run -d 'Say what would be contacted, and contact nothing'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -s q -l quiet -d 'Nothing on stderr but errors'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -s v -l verbose -d 'More: connection phases, notes of registries, which settings are used'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l no-config -d 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand completions" -s h -l help -d 'Print help'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand man" -s h -l help -d 'Print help'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand config; and not __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand config; and not __fish_seen_subcommand_from init" -f -a "init" -d 'Write a commented example to PATH (never over an existing file); without PATH print it'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
