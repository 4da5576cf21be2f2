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
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "resolve" -d 'Query every backend once and compare the endpoints that they list'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "probe" -d 'Resolve the service and check every endpoint: tcp, tls, http2, health'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "watch" -d 'Keep a channel open and print every change as it happens'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "replay" -d 'Print a recorded session (--record, -o ndjson) in any format'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "client" -d 'Read running clients and find those that hold stale addresses or no longer query their registry'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "who" -d 'List which clients are connected to each endpoint, who stayed on a draining one, who did not come'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "backends" -d 'List the active backends, their settings and whether they respond'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "services" -d 'List the services that the active registries have, as targets'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "explain" -d 'Explain a finding, a verdict, a connectivity state or a client model'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "demo" -d 'Run a demo without any infrastructure: pods move while the channel is idle'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "man" -d 'Print the manual page (roff)'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -f -a "config" -d 'Manage the configuration file'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l for -d 'With --watch: stop after this long and report the verdict so far' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l backend -d 'Query only these backends for bare names (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l dns-server -d 'Query this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l dns-interval -d 'Query DNS again at this interval [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l dc -d 'Consul: query this datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l tag -d 'Consul: keep only instances with this tag (repeat to require several tags)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s n -l namespace -d 'Kubernetes: use this namespace for services without one [default: the context\'s namespace]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l context -d 'Kubernetes: use this context of the kubeconfig [default: current-context]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l port -d 'Port for names without a port [default: 443, as in gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l resolve-timeout -d 'Time limit for a registry\'s first response [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l timeout -d 'Time limit for each step: sets --resolve-timeout, --connect-timeout and --rpc-timeout' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l fail-on -d 'Lowest severity that makes the exit code non-zero [default: warn]' -r -f -a "warn\t'Warnings and critical findings'
critical\t'Only critical findings'
never\t'Exit with 0 whatever was found'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l min-ready -d 'Minimum number (or percentage) of healthy endpoints' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l expect -d 'Require this address to be listed (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l ignore -d 'Accept a known finding: it is counted, and changes no verdict (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l warn-expiry -d 'Warn about certificates that expire within this time; 0 disables it [default: 14d]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l max-time -d 'Stop without a verdict after this long, with exit code 124' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s o -l output -d 'Output format [default: table]' -r -f -a "table\t'Text for people, verdict first'
wide\t'The table with every endpoint and every column'
short\t'The listed addresses, one per line'
md\t'Markdown for a ticket: verdict, findings, endpoints that are not healthy'
json\t'One JSON document at the end'
ndjson\t'One JSON event per line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l record -d 'Also write every event to FILE, as -o ndjson does; `replay FILE` prints it in any format' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l color -d 'Use colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l profile -d 'Use the settings of [profile.NAME] in the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l watch -d 'Keep watching and print every change'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s 4 -l ipv4 -d 'Use IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s 6 -l ipv6 -d 'Use IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l dry-run -d 'Print what would be contacted, without contacting it'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s q -l quiet -d 'Print nothing but errors; the exit code has the verdict (with -o the result is printed)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s v -l verbose -d 'Also show connection phases, registry notes and where each setting came from'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l utc -d 'Print times in UTC instead of local time'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -l no-config -d 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l backend -d 'Query only these backends for bare names (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l dns-server -d 'Query this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l dns-interval -d 'Query DNS again at this interval [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l dc -d 'Consul: query this datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l tag -d 'Consul: keep only instances with this tag (repeat to require several tags)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s n -l namespace -d 'Kubernetes: use this namespace for services without one [default: the context\'s namespace]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l context -d 'Kubernetes: use this context of the kubeconfig [default: current-context]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l port -d 'Port for names without a port [default: 443, as in gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l resolve-timeout -d 'Time limit for a registry\'s first response [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l timeout -d 'Time limit for each step: sets --resolve-timeout, --connect-timeout and --rpc-timeout' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l tls -d 'TLS mode; auto detects it for each endpoint and reports the result [default: auto]' -r -f -a "auto\t'Detect it for each endpoint'
on\t'Always'
off\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l cacert -d 'Trust these CA certificates (PEM) instead of the system\'s' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l cert -d 'Client certificate chain (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l key -d 'Client key (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l servername -d 'Verify the certificate against this name' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l authority -d 'Value of :authority to send [default: the target\'s name]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l service -d 'Check the health of this service, with a verdict of its own (repeatable) [default: the whole server]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s H -l header -d 'Send this metadata with every RPC: \'name: value\', or @FILE with one per line (repeatable)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l connect-timeout -d 'Time limit for TCP, TLS and the server\'s SETTINGS together [default: 5s; 20s for watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l rpc-timeout -d 'Time limit for one health RPC [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keepalive-time -d 'Ping a connection that has been idle for this long; 0 disables it [default: 0]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keepalive-timeout -d 'Close a connection when a ping gets no response for this long [default: 20s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l idle -d 'Let the channel go IDLE after this long without an RPC; 0 disables it. With probe: run the idle cycle' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l idle-ladder -d 'With probe --idle: also check idle connections for each of these times, shortest first, e.g. 10s,60s,350s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l find-cutoff -d 'With probe --idle: find the longest idle time, up to TIME, that the network path survives' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l lb -d 'Load-balancing policy [default: pick_first, as in gRPC; round_robin for watch]' -r -f -a "pick_first\t'One connection, to the first address that responds'
round_robin\t'A connection to every endpoint'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l check-interval -d 'With watch: check a READY endpoint without responses for this long; 0: only before the end [default: 30s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l as -d 'Predict what these clients would hold: kratos@2.7.2, all [with probe --idle: those with wrong addresses]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keep-connected -d 'Reconnect when a connection is lost, without waiting for an RPC [default: true for watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s c -l concurrency -d 'Probe at most this many endpoints concurrently [default: 256]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l rate -d 'Limit to N probes per second' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l max-endpoints -d 'Probe at most this many endpoints and report how many were skipped' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l fail-on -d 'Lowest severity that makes the exit code non-zero [default: warn]' -r -f -a "warn\t'Warnings and critical findings'
critical\t'Only critical findings'
never\t'Exit with 0 whatever was found'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l min-ready -d 'Minimum number (or percentage) of healthy endpoints' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l expect -d 'Require this address to be listed (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l ignore -d 'Accept a known finding: it is counted, and changes no verdict (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l warn-expiry -d 'Warn about certificates that expire within this time; 0 disables it [default: 14d]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l max-time -d 'Stop without a verdict after this long, with exit code 124' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s o -l output -d 'Output format [default: table]' -r -f -a "table\t'Text for people, verdict first'
wide\t'The table with every endpoint and every column'
short\t'The listed addresses, one per line'
md\t'Markdown for a ticket: verdict, findings, endpoints that are not healthy'
json\t'One JSON document at the end'
ndjson\t'One JSON event per line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l record -d 'Also write every event to FILE, as -o ndjson does; `replay FILE` prints it in any format' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l color -d 'Use colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l profile -d 'Use the settings of [profile.NAME] in the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s 4 -l ipv4 -d 'Use IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s 6 -l ipv6 -d 'Use IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l plaintext -d 'Do not use TLS; same as --tls off'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s k -l insecure -d 'Use TLS without verifying the certificate'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keepalive-without-calls -d 'Ping even without RPCs in flight'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l keepalive-force -d 'Allow --keepalive-time below 10s, to which servers respond with GOAWAY (gRFC A8)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l client-health -d 'Let health determine the connectivity state (gRFC A17; not with pick_first)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l dry-run -d 'Print what would be contacted, without contacting it'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s q -l quiet -d 'Print nothing but errors; the exit code has the verdict (with -o the result is printed)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s v -l verbose -d 'Also show connection phases, registry notes and where each setting came from'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l utc -d 'Print times in UTC instead of local time'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -l no-config -d 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l for -d 'Stop after this long and report the verdict so far' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l until -d 'Stop as soon as this condition holds' -r -f -a "ready\t'The channel is READY'
stable\t'READY, and no change for 10 s'
drained\t'No endpoint is listed any longer'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l backend -d 'Query only these backends for bare names (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l dns-server -d 'Query this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l dns-interval -d 'Query DNS again at this interval [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l dc -d 'Consul: query this datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l tag -d 'Consul: keep only instances with this tag (repeat to require several tags)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s n -l namespace -d 'Kubernetes: use this namespace for services without one [default: the context\'s namespace]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l context -d 'Kubernetes: use this context of the kubeconfig [default: current-context]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l port -d 'Port for names without a port [default: 443, as in gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l resolve-timeout -d 'Time limit for a registry\'s first response [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l timeout -d 'Time limit for each step: sets --resolve-timeout, --connect-timeout and --rpc-timeout' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l tls -d 'TLS mode; auto detects it for each endpoint and reports the result [default: auto]' -r -f -a "auto\t'Detect it for each endpoint'
on\t'Always'
off\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l cacert -d 'Trust these CA certificates (PEM) instead of the system\'s' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l cert -d 'Client certificate chain (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l key -d 'Client key (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l servername -d 'Verify the certificate against this name' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l authority -d 'Value of :authority to send [default: the target\'s name]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l service -d 'Check the health of this service, with a verdict of its own (repeatable) [default: the whole server]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s H -l header -d 'Send this metadata with every RPC: \'name: value\', or @FILE with one per line (repeatable)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l connect-timeout -d 'Time limit for TCP, TLS and the server\'s SETTINGS together [default: 5s; 20s for watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l rpc-timeout -d 'Time limit for one health RPC [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keepalive-time -d 'Ping a connection that has been idle for this long; 0 disables it [default: 0]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keepalive-timeout -d 'Close a connection when a ping gets no response for this long [default: 20s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l idle -d 'Let the channel go IDLE after this long without an RPC; 0 disables it. With probe: run the idle cycle' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l idle-ladder -d 'With probe --idle: also check idle connections for each of these times, shortest first, e.g. 10s,60s,350s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l find-cutoff -d 'With probe --idle: find the longest idle time, up to TIME, that the network path survives' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l lb -d 'Load-balancing policy [default: pick_first, as in gRPC; round_robin for watch]' -r -f -a "pick_first\t'One connection, to the first address that responds'
round_robin\t'A connection to every endpoint'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l check-interval -d 'With watch: check a READY endpoint without responses for this long; 0: only before the end [default: 30s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l as -d 'Predict what these clients would hold: kratos@2.7.2, all [with probe --idle: those with wrong addresses]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keep-connected -d 'Reconnect when a connection is lost, without waiting for an RPC [default: true for watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l fail-on -d 'Lowest severity that makes the exit code non-zero [default: warn]' -r -f -a "warn\t'Warnings and critical findings'
critical\t'Only critical findings'
never\t'Exit with 0 whatever was found'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l min-ready -d 'Minimum number (or percentage) of healthy endpoints' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l expect -d 'Require this address to be listed (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l ignore -d 'Accept a known finding: it is counted, and changes no verdict (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l warn-expiry -d 'Warn about certificates that expire within this time; 0 disables it [default: 14d]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l max-time -d 'Stop without a verdict after this long, with exit code 124' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s o -l output -d 'Output format [default: table]' -r -f -a "table\t'Text for people, verdict first'
wide\t'The table with every endpoint and every column'
short\t'The listed addresses, one per line'
md\t'Markdown for a ticket: verdict, findings, endpoints that are not healthy'
json\t'One JSON document at the end'
ndjson\t'One JSON event per line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l record -d 'Also write every event to FILE, as -o ndjson does; `replay FILE` prints it in any format' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l color -d 'Use colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l profile -d 'Use the settings of [profile.NAME] in the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s 4 -l ipv4 -d 'Use IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s 6 -l ipv6 -d 'Use IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l plaintext -d 'Do not use TLS; same as --tls off'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s k -l insecure -d 'Use TLS without verifying the certificate'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keepalive-without-calls -d 'Ping even without RPCs in flight'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l keepalive-force -d 'Allow --keepalive-time below 10s, to which servers respond with GOAWAY (gRFC A8)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l client-health -d 'Let health determine the connectivity state (gRFC A17; not with pick_first)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l dry-run -d 'Print what would be contacted, without contacting it'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s q -l quiet -d 'Print nothing but errors; the exit code has the verdict (with -o the result is printed)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s v -l verbose -d 'Also show connection phases, registry notes and where each setting came from'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l utc -d 'Print times in UTC instead of local time'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -l no-config -d 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand replay" -s o -l output -d 'Output format [default: table]' -r -f -a "table\t'Text for people, verdict first'
wide\t'The table with every endpoint and every column'
short\t'The listed addresses, one per line'
md\t'Markdown for a ticket: verdict, findings, endpoints that are not healthy'
json\t'One JSON document at the end'
ndjson\t'One JSON event per line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand replay" -l color -d 'Use colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand replay" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand replay" -l profile -d 'Use the settings of [profile.NAME] in the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand replay" -s q -l quiet -d 'Print nothing but errors; the exit code has the verdict (with -o the result is printed)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand replay" -s v -l verbose -d 'Also show connection phases, registry notes and where each setting came from'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand replay" -l utc -d 'Print times in UTC instead of local time'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand replay" -l no-config -d 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l of -d 'Service to compare with (repeatable) [default: the target of each channel]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l backend -d 'Query only these backends for bare names (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l dns-server -d 'Query this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l dns-interval -d 'Query DNS again at this interval [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l dc -d 'Consul: query this datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l tag -d 'Consul: keep only instances with this tag (repeat to require several tags)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -s n -l namespace -d 'Kubernetes: use this namespace for services without one [default: the context\'s namespace]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l context -d 'Kubernetes: use this context of the kubeconfig [default: current-context]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l port -d 'Port for names without a port [default: 443, as in gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l resolve-timeout -d 'Time limit for a registry\'s first response [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l timeout -d 'Time limit for each step: sets --resolve-timeout, --connect-timeout and --rpc-timeout' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l tls -d 'TLS mode; auto detects it for each endpoint and reports the result [default: auto]' -r -f -a "auto\t'Detect it for each endpoint'
on\t'Always'
off\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l cacert -d 'Trust these CA certificates (PEM) instead of the system\'s' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l cert -d 'Client certificate chain (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l key -d 'Client key (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l servername -d 'Verify the certificate against this name' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l authority -d 'Value of :authority to send [default: the target\'s name]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l service -d 'Check the health of this service, with a verdict of its own (repeatable) [default: the whole server]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -s H -l header -d 'Send this metadata with every RPC: \'name: value\', or @FILE with one per line (repeatable)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l connect-timeout -d 'Time limit for TCP, TLS and the server\'s SETTINGS together [default: 5s; 20s for watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l rpc-timeout -d 'Time limit for one health RPC [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l keepalive-time -d 'Ping a connection that has been idle for this long; 0 disables it [default: 0]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l keepalive-timeout -d 'Close a connection when a ping gets no response for this long [default: 20s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l fail-on -d 'Lowest severity that makes the exit code non-zero [default: warn]' -r -f -a "warn\t'Warnings and critical findings'
critical\t'Only critical findings'
never\t'Exit with 0 whatever was found'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l min-ready -d 'Minimum number (or percentage) of healthy endpoints' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l expect -d 'Require this address to be listed (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l ignore -d 'Accept a known finding: it is counted, and changes no verdict (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l warn-expiry -d 'Warn about certificates that expire within this time; 0 disables it [default: 14d]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l max-time -d 'Stop without a verdict after this long, with exit code 124' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -s o -l output -d 'Output format [default: table]' -r -f -a "table\t'Text for people, verdict first'
wide\t'The table with every endpoint and every column'
short\t'The listed addresses, one per line'
md\t'Markdown for a ticket: verdict, findings, endpoints that are not healthy'
json\t'One JSON document at the end'
ndjson\t'One JSON event per line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l record -d 'Also write every event to FILE, as -o ndjson does; `replay FILE` prints it in any format' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l color -d 'Use colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l profile -d 'Use the settings of [profile.NAME] in the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -s 4 -l ipv4 -d 'Use IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -s 6 -l ipv6 -d 'Use IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l plaintext -d 'Do not use TLS; same as --tls off'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -s k -l insecure -d 'Use TLS without verifying the certificate'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l keepalive-without-calls -d 'Ping even without RPCs in flight'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l keepalive-force -d 'Allow --keepalive-time below 10s, to which servers respond with GOAWAY (gRFC A8)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l dry-run -d 'Print what would be contacted, without contacting it'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -s q -l quiet -d 'Print nothing but errors; the exit code has the verdict (with -o the result is printed)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -s v -l verbose -d 'Also show connection phases, registry notes and where each setting came from'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l utc -d 'Print times in UTC instead of local time'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -l no-config -d 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand client" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l backend -d 'Query only these backends for bare names (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l dns-server -d 'Query this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l dns-interval -d 'Query DNS again at this interval [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l dc -d 'Consul: query this datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l tag -d 'Consul: keep only instances with this tag (repeat to require several tags)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -s n -l namespace -d 'Kubernetes: use this namespace for services without one [default: the context\'s namespace]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l context -d 'Kubernetes: use this context of the kubeconfig [default: current-context]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l port -d 'Port for names without a port [default: 443, as in gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l resolve-timeout -d 'Time limit for a registry\'s first response [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l timeout -d 'Time limit for each step: sets --resolve-timeout, --connect-timeout and --rpc-timeout' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l tls -d 'TLS mode; auto detects it for each endpoint and reports the result [default: auto]' -r -f -a "auto\t'Detect it for each endpoint'
on\t'Always'
off\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l cacert -d 'Trust these CA certificates (PEM) instead of the system\'s' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l cert -d 'Client certificate chain (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l key -d 'Client key (PEM)' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l servername -d 'Verify the certificate against this name' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l authority -d 'Value of :authority to send [default: the target\'s name]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l service -d 'Check the health of this service, with a verdict of its own (repeatable) [default: the whole server]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -s H -l header -d 'Send this metadata with every RPC: \'name: value\', or @FILE with one per line (repeatable)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l connect-timeout -d 'Time limit for TCP, TLS and the server\'s SETTINGS together [default: 5s; 20s for watch]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l rpc-timeout -d 'Time limit for one health RPC [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l keepalive-time -d 'Ping a connection that has been idle for this long; 0 disables it [default: 0]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l keepalive-timeout -d 'Close a connection when a ping gets no response for this long [default: 20s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l fail-on -d 'Lowest severity that makes the exit code non-zero [default: warn]' -r -f -a "warn\t'Warnings and critical findings'
critical\t'Only critical findings'
never\t'Exit with 0 whatever was found'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l min-ready -d 'Minimum number (or percentage) of healthy endpoints' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l expect -d 'Require this address to be listed (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l ignore -d 'Accept a known finding: it is counted, and changes no verdict (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l warn-expiry -d 'Warn about certificates that expire within this time; 0 disables it [default: 14d]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l max-time -d 'Stop without a verdict after this long, with exit code 124' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -s o -l output -d 'Output format [default: table]' -r -f -a "table\t'Text for people, verdict first'
wide\t'The table with every endpoint and every column'
short\t'The listed addresses, one per line'
md\t'Markdown for a ticket: verdict, findings, endpoints that are not healthy'
json\t'One JSON document at the end'
ndjson\t'One JSON event per line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l record -d 'Also write every event to FILE, as -o ndjson does; `replay FILE` prints it in any format' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l color -d 'Use colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l profile -d 'Use the settings of [profile.NAME] in the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -s 4 -l ipv4 -d 'Use IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -s 6 -l ipv6 -d 'Use IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l plaintext -d 'Do not use TLS; same as --tls off'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -s k -l insecure -d 'Use TLS without verifying the certificate'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l keepalive-without-calls -d 'Ping even without RPCs in flight'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l keepalive-force -d 'Allow --keepalive-time below 10s, to which servers respond with GOAWAY (gRFC A8)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l dry-run -d 'Print what would be contacted, without contacting it'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -s q -l quiet -d 'Print nothing but errors; the exit code has the verdict (with -o the result is printed)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -s v -l verbose -d 'Also show connection phases, registry notes and where each setting came from'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l utc -d 'Print times in UTC instead of local time'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -l no-config -d 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand who" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l backend -d 'Query only these backends for bare names (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l dns-server -d 'Query this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l dns-interval -d 'Query DNS again at this interval [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l dc -d 'Consul: query this datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l tag -d 'Consul: keep only instances with this tag (repeat to require several tags)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s n -l namespace -d 'Kubernetes: use this namespace for services without one [default: the context\'s namespace]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l context -d 'Kubernetes: use this context of the kubeconfig [default: current-context]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l port -d 'Port for names without a port [default: 443, as in gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l resolve-timeout -d 'Time limit for a registry\'s first response [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l timeout -d 'Time limit for each step: sets --resolve-timeout, --connect-timeout and --rpc-timeout' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l color -d 'Use colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l profile -d 'Use the settings of [profile.NAME] in the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'One JSON document'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s 4 -l ipv4 -d 'Use IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s 6 -l ipv6 -d 'Use IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s q -l quiet -d 'Print nothing but errors; the exit code has the verdict (with -o the result is printed)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s v -l verbose -d 'Also show connection phases, registry notes and where each setting came from'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l utc -d 'Print times in UTC instead of local time'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -l no-config -d 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand backends" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l backend -d 'Query only these backends for bare names (repeat, or separate with commas)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l dns-server -d 'Query this DNS server instead of the system\'s' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l dns-interval -d 'Query DNS again at this interval [default: the TTL, between 1s and 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l dc -d 'Consul: query this datacenter' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l tag -d 'Consul: keep only instances with this tag (repeat to require several tags)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l token-file -d 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -s n -l namespace -d 'Kubernetes: use this namespace for services without one [default: the context\'s namespace]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l context -d 'Kubernetes: use this context of the kubeconfig [default: current-context]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l port -d 'Port for names without a port [default: 443, as in gRPC]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l resolve-timeout -d 'Time limit for a registry\'s first response [default: 5s]' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l timeout -d 'Time limit for each step: sets --resolve-timeout, --connect-timeout and --rpc-timeout' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l color -d 'Use colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l profile -d 'Use the settings of [profile.NAME] in the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'One JSON document'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -s 4 -l ipv4 -d 'Use IPv4 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -s 6 -l ipv6 -d 'Use IPv6 addresses only'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -s q -l quiet -d 'Print nothing but errors; the exit code has the verdict (with -o the result is printed)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -s v -l verbose -d 'Also show connection phases, registry notes and where each setting came from'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l utc -d 'Print times in UTC instead of local time'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -l no-config -d 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand services" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand explain" -s o -l output -d 'Output format' -r -f -a "table\t'Text for people'
json\t'One JSON document'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l idle -d 'Idle time after which the channel goes IDLE' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -s o -l output -d 'Output format [default: table]' -r -f -a "table\t'Text for people, verdict first'
wide\t'The table with every endpoint and every column'
short\t'The listed addresses, one per line'
md\t'Markdown for a ticket: verdict, findings, endpoints that are not healthy'
json\t'One JSON document at the end'
ndjson\t'One JSON event per line, as it happens'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l record -d 'Also write every event to FILE, as -o ndjson does; `replay FILE` prints it in any format' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l color -d 'Use colour [default: auto]' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l profile -d 'Use the settings of [profile.NAME] in the configuration file' -r
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l dry-run -d 'Print what would be contacted, without contacting it'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -s q -l quiet -d 'Print nothing but errors; the exit code has the verdict (with -o the result is printed)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -s v -l verbose -d 'Also show connection phases, registry notes and where each setting came from'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l utc -d 'Print times in UTC instead of local time'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -l no-config -d 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand completions" -s h -l help -d 'Print help'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand man" -s h -l help -d 'Print help'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand config; and not __fish_seen_subcommand_from init services" -s h -l help -d 'Print help'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand config; and not __fish_seen_subcommand_from init services" -f -a "init" -d 'Write a commented example to PATH, or print it without PATH; existing files are not overwritten'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand config; and not __fish_seen_subcommand_from init services" -f -a "services" -d 'Print the services of the configuration file, one per line'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand config; and __fish_seen_subcommand_from services" -l config -d 'Configuration file to use [default: ./.grpc-discover.toml, then the user\'s]' -r -F
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand config; and __fish_seen_subcommand_from services" -s h -l help -d 'Print help'
complete -c grpc-discover -n "__fish_grpc_discover_needs_command" -a "(grpc-discover config services 2>/dev/null)" -d 'Service of the configuration file'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand probe resolve watch" -a "(grpc-discover config services 2>/dev/null)" -d 'Service of the configuration file'
complete -c grpc-discover -n "__fish_grpc_discover_using_subcommand completions" -f -a "bash elvish fish powershell zsh"
