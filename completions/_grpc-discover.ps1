
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'grpc-discover' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'grpc-discover'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'grpc-discover' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Query every backend once and compare the endpoints that they list')
            [CompletionResult]::new('probe', 'probe', [CompletionResultType]::ParameterValue, 'Resolve the service and check every endpoint: tcp, tls, http2, health')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Keep a channel open and print every change as it happens')
            [CompletionResult]::new('backends', 'backends', [CompletionResultType]::ParameterValue, 'List the active backends, their settings and whether they respond')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Explain a finding, a verdict, a connectivity state or a client model')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Run a demo without any infrastructure: pods move while the channel is idle')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page (roff)')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Manage the configuration file')
            break
        }
        'grpc-discover;resolve' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'With --watch: stop after this long and report the verdict so far')
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'Query only these backends for bare names (repeat, or separate with commas)')
            [CompletionResult]::new('--dns-server', '--dns-server', [CompletionResultType]::ParameterName, 'Query this DNS server instead of the system''s')
            [CompletionResult]::new('--dns-interval', '--dns-interval', [CompletionResultType]::ParameterName, 'Query DNS again at this interval [default: the TTL, between 1s and 5s]')
            [CompletionResult]::new('--dc', '--dc', [CompletionResultType]::ParameterName, 'Consul: query this datacenter')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Consul: keep only instances with this tag (repeat to require several tags)')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Kubernetes: use this namespace for services without one [default: the context''s namespace]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Kubernetes: use this namespace for services without one [default: the context''s namespace]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Kubernetes: use this context of the kubeconfig [default: current-context]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port for names without a port [default: 443, as in gRPC]')
            [CompletionResult]::new('--resolve-timeout', '--resolve-timeout', [CompletionResultType]::ParameterName, 'Time limit for a registry''s first response [default: 5s]')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Lowest severity that makes the exit code non-zero [default: warn]')
            [CompletionResult]::new('--min-ready', '--min-ready', [CompletionResultType]::ParameterName, 'Minimum number (or percentage) of healthy endpoints')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'Require this address to be listed (repeat, or separate with commas)')
            [CompletionResult]::new('--warn-expiry', '--warn-expiry', [CompletionResultType]::ParameterName, 'Warn about certificates that expire within this time; 0 disables it [default: 14d]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Stop without a verdict after this long, with exit code 124')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file to use [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] in the configuration file')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Keep watching and print every change')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use IPv4 addresses only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 addresses only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use IPv6 addresses only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use IPv6 addresses only')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be contacted, without contacting it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;probe' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'Query only these backends for bare names (repeat, or separate with commas)')
            [CompletionResult]::new('--dns-server', '--dns-server', [CompletionResultType]::ParameterName, 'Query this DNS server instead of the system''s')
            [CompletionResult]::new('--dns-interval', '--dns-interval', [CompletionResultType]::ParameterName, 'Query DNS again at this interval [default: the TTL, between 1s and 5s]')
            [CompletionResult]::new('--dc', '--dc', [CompletionResultType]::ParameterName, 'Consul: query this datacenter')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Consul: keep only instances with this tag (repeat to require several tags)')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Kubernetes: use this namespace for services without one [default: the context''s namespace]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Kubernetes: use this namespace for services without one [default: the context''s namespace]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Kubernetes: use this context of the kubeconfig [default: current-context]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port for names without a port [default: 443, as in gRPC]')
            [CompletionResult]::new('--resolve-timeout', '--resolve-timeout', [CompletionResultType]::ParameterName, 'Time limit for a registry''s first response [default: 5s]')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS mode; auto detects it for each endpoint and reports the result [default: auto]')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust these CA certificates (PEM) instead of the system''s')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate chain (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--servername', '--servername', [CompletionResultType]::ParameterName, 'Verify the certificate against this name')
            [CompletionResult]::new('--authority', '--authority', [CompletionResultType]::ParameterName, 'Value of :authority to send [default: the target''s name]')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Check the health of this service [default: the whole server]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send this metadata with every RPC: ''name: value'', or @FILE with one per line (repeatable)')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send this metadata with every RPC: ''name: value'', or @FILE with one per line (repeatable)')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time limit for TCP, TLS and the server''s SETTINGS together [default: 5s; 20s for watch]')
            [CompletionResult]::new('--rpc-timeout', '--rpc-timeout', [CompletionResultType]::ParameterName, 'Time limit for one health RPC [default: 5s]')
            [CompletionResult]::new('--keepalive-time', '--keepalive-time', [CompletionResultType]::ParameterName, 'Ping a connection that has been idle for this long; 0 disables it [default: 0]')
            [CompletionResult]::new('--keepalive-timeout', '--keepalive-timeout', [CompletionResultType]::ParameterName, 'Close a connection when a ping gets no response for this long [default: 20s]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Let the channel go IDLE after this long without an RPC; 0 disables it. With probe: run the idle cycle')
            [CompletionResult]::new('--idle-ladder', '--idle-ladder', [CompletionResultType]::ParameterName, 'With probe --idle: also check idle connections for each of these times, shortest first, e.g. 10s,60s,350s')
            [CompletionResult]::new('--find-cutoff', '--find-cutoff', [CompletionResultType]::ParameterName, 'With probe --idle: find the longest idle time, up to TIME, that the network path survives')
            [CompletionResult]::new('--lb', '--lb', [CompletionResultType]::ParameterName, 'Load-balancing policy [default: pick_first, as in gRPC; round_robin for watch]')
            [CompletionResult]::new('--check-interval', '--check-interval', [CompletionResultType]::ParameterName, 'With watch: check a READY endpoint without responses for this long; 0: only before the end [default: 30s]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Predict what these clients would hold: kratos@2.7.2, all [with probe --idle: those with wrong addresses]')
            [CompletionResult]::new('--keep-connected', '--keep-connected', [CompletionResultType]::ParameterName, 'Reconnect when a connection is lost, without waiting for an RPC [default: true for watch]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Probe at most this many endpoints concurrently [default: 256]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Probe at most this many endpoints concurrently [default: 256]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Limit to N probes per second')
            [CompletionResult]::new('--max-endpoints', '--max-endpoints', [CompletionResultType]::ParameterName, 'Probe at most this many endpoints and report how many were skipped')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Lowest severity that makes the exit code non-zero [default: warn]')
            [CompletionResult]::new('--min-ready', '--min-ready', [CompletionResultType]::ParameterName, 'Minimum number (or percentage) of healthy endpoints')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'Require this address to be listed (repeat, or separate with commas)')
            [CompletionResult]::new('--warn-expiry', '--warn-expiry', [CompletionResultType]::ParameterName, 'Warn about certificates that expire within this time; 0 disables it [default: 14d]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Stop without a verdict after this long, with exit code 124')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file to use [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] in the configuration file')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use IPv4 addresses only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 addresses only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use IPv6 addresses only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use IPv6 addresses only')
            [CompletionResult]::new('--plaintext', '--plaintext', [CompletionResultType]::ParameterName, 'Do not use TLS; same as --tls off')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Use TLS without verifying the certificate')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS without verifying the certificate')
            [CompletionResult]::new('--keepalive-without-calls', '--keepalive-without-calls', [CompletionResultType]::ParameterName, 'Ping even without RPCs in flight')
            [CompletionResult]::new('--keepalive-force', '--keepalive-force', [CompletionResultType]::ParameterName, 'Allow --keepalive-time below 10s, to which servers respond with GOAWAY (gRFC A8)')
            [CompletionResult]::new('--client-health', '--client-health', [CompletionResultType]::ParameterName, 'Let health determine the connectivity state (gRFC A17; not with pick_first)')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be contacted, without contacting it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;watch' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'Stop after this long and report the verdict so far')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Stop as soon as this condition holds')
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'Query only these backends for bare names (repeat, or separate with commas)')
            [CompletionResult]::new('--dns-server', '--dns-server', [CompletionResultType]::ParameterName, 'Query this DNS server instead of the system''s')
            [CompletionResult]::new('--dns-interval', '--dns-interval', [CompletionResultType]::ParameterName, 'Query DNS again at this interval [default: the TTL, between 1s and 5s]')
            [CompletionResult]::new('--dc', '--dc', [CompletionResultType]::ParameterName, 'Consul: query this datacenter')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Consul: keep only instances with this tag (repeat to require several tags)')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Kubernetes: use this namespace for services without one [default: the context''s namespace]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Kubernetes: use this namespace for services without one [default: the context''s namespace]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Kubernetes: use this context of the kubeconfig [default: current-context]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port for names without a port [default: 443, as in gRPC]')
            [CompletionResult]::new('--resolve-timeout', '--resolve-timeout', [CompletionResultType]::ParameterName, 'Time limit for a registry''s first response [default: 5s]')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS mode; auto detects it for each endpoint and reports the result [default: auto]')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust these CA certificates (PEM) instead of the system''s')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate chain (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--servername', '--servername', [CompletionResultType]::ParameterName, 'Verify the certificate against this name')
            [CompletionResult]::new('--authority', '--authority', [CompletionResultType]::ParameterName, 'Value of :authority to send [default: the target''s name]')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Check the health of this service [default: the whole server]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send this metadata with every RPC: ''name: value'', or @FILE with one per line (repeatable)')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send this metadata with every RPC: ''name: value'', or @FILE with one per line (repeatable)')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time limit for TCP, TLS and the server''s SETTINGS together [default: 5s; 20s for watch]')
            [CompletionResult]::new('--rpc-timeout', '--rpc-timeout', [CompletionResultType]::ParameterName, 'Time limit for one health RPC [default: 5s]')
            [CompletionResult]::new('--keepalive-time', '--keepalive-time', [CompletionResultType]::ParameterName, 'Ping a connection that has been idle for this long; 0 disables it [default: 0]')
            [CompletionResult]::new('--keepalive-timeout', '--keepalive-timeout', [CompletionResultType]::ParameterName, 'Close a connection when a ping gets no response for this long [default: 20s]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Let the channel go IDLE after this long without an RPC; 0 disables it. With probe: run the idle cycle')
            [CompletionResult]::new('--idle-ladder', '--idle-ladder', [CompletionResultType]::ParameterName, 'With probe --idle: also check idle connections for each of these times, shortest first, e.g. 10s,60s,350s')
            [CompletionResult]::new('--find-cutoff', '--find-cutoff', [CompletionResultType]::ParameterName, 'With probe --idle: find the longest idle time, up to TIME, that the network path survives')
            [CompletionResult]::new('--lb', '--lb', [CompletionResultType]::ParameterName, 'Load-balancing policy [default: pick_first, as in gRPC; round_robin for watch]')
            [CompletionResult]::new('--check-interval', '--check-interval', [CompletionResultType]::ParameterName, 'With watch: check a READY endpoint without responses for this long; 0: only before the end [default: 30s]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Predict what these clients would hold: kratos@2.7.2, all [with probe --idle: those with wrong addresses]')
            [CompletionResult]::new('--keep-connected', '--keep-connected', [CompletionResultType]::ParameterName, 'Reconnect when a connection is lost, without waiting for an RPC [default: true for watch]')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Lowest severity that makes the exit code non-zero [default: warn]')
            [CompletionResult]::new('--min-ready', '--min-ready', [CompletionResultType]::ParameterName, 'Minimum number (or percentage) of healthy endpoints')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'Require this address to be listed (repeat, or separate with commas)')
            [CompletionResult]::new('--warn-expiry', '--warn-expiry', [CompletionResultType]::ParameterName, 'Warn about certificates that expire within this time; 0 disables it [default: 14d]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Stop without a verdict after this long, with exit code 124')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file to use [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] in the configuration file')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use IPv4 addresses only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 addresses only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use IPv6 addresses only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use IPv6 addresses only')
            [CompletionResult]::new('--plaintext', '--plaintext', [CompletionResultType]::ParameterName, 'Do not use TLS; same as --tls off')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Use TLS without verifying the certificate')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Use TLS without verifying the certificate')
            [CompletionResult]::new('--keepalive-without-calls', '--keepalive-without-calls', [CompletionResultType]::ParameterName, 'Ping even without RPCs in flight')
            [CompletionResult]::new('--keepalive-force', '--keepalive-force', [CompletionResultType]::ParameterName, 'Allow --keepalive-time below 10s, to which servers respond with GOAWAY (gRFC A8)')
            [CompletionResult]::new('--client-health', '--client-health', [CompletionResultType]::ParameterName, 'Let health determine the connectivity state (gRFC A17; not with pick_first)')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be contacted, without contacting it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;backends' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'Query only these backends for bare names (repeat, or separate with commas)')
            [CompletionResult]::new('--dns-server', '--dns-server', [CompletionResultType]::ParameterName, 'Query this DNS server instead of the system''s')
            [CompletionResult]::new('--dns-interval', '--dns-interval', [CompletionResultType]::ParameterName, 'Query DNS again at this interval [default: the TTL, between 1s and 5s]')
            [CompletionResult]::new('--dc', '--dc', [CompletionResultType]::ParameterName, 'Consul: query this datacenter')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Consul: keep only instances with this tag (repeat to require several tags)')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Kubernetes: use this namespace for services without one [default: the context''s namespace]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Kubernetes: use this namespace for services without one [default: the context''s namespace]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Kubernetes: use this context of the kubeconfig [default: current-context]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port for names without a port [default: 443, as in gRPC]')
            [CompletionResult]::new('--resolve-timeout', '--resolve-timeout', [CompletionResultType]::ParameterName, 'Time limit for a registry''s first response [default: 5s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file to use [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] in the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use IPv4 addresses only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 addresses only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use IPv6 addresses only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use IPv6 addresses only')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;explain' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;demo' {
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Idle time after which the channel goes IDLE')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Output format [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format [default: table]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Configuration file to use [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] in the configuration file')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be contacted, without contacting it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print only errors to stderr')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Also show connection phases, registry notes and where each setting came from')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Do not use a configuration file (same as an empty GRPC_DISCOVER_CONFIG)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'grpc-discover;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'grpc-discover;config' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a commented example to PATH, or print it without PATH; existing files are not overwritten')
            break
        }
        'grpc-discover;config;init' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
