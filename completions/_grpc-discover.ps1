
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
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Ask every backend once: who lists which endpoint, and where they disagree')
            [CompletionResult]::new('probe', 'probe', [CompletionResultType]::ParameterValue, 'Resolve, then reach every endpoint: tcp, tls, http2, health; a verdict for each')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Keep a channel open and show every change as it happens')
            [CompletionResult]::new('backends', 'backends', [CompletionResultType]::ParameterValue, 'Which backends are active, with which settings from where, and whether they answer')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'What a finding means, what proves it, what to do')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'See it at work without any infrastructure: a pod moves while the channel is idle')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page (roff)')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Work with the configuration file')
            break
        }
        'grpc-discover;resolve' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'With --watch: end with the verdict of that moment after this long')
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'For bare names ask only these backends (repeat, or separate with commas)')
            [CompletionResult]::new('--dns-server', '--dns-server', [CompletionResultType]::ParameterName, 'Ask this DNS server instead of the system''s')
            [CompletionResult]::new('--dns-interval', '--dns-interval', [CompletionResultType]::ParameterName, 'Ask DNS again this often [default: the TTL, between 1s and 5s]')
            [CompletionResult]::new('--dc', '--dc', [CompletionResultType]::ParameterName, 'Consul: the datacenter')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Consul: only instances with this tag (repeat: with all of them)')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Kubernetes: the namespace of services that name none [default: the context''s]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Kubernetes: the namespace of services that name none [default: the context''s]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Kubernetes: the context of the kubeconfig [default: its current one]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port for names that come without one [default: 443, as gRPC]')
            [CompletionResult]::new('--resolve-timeout', '--resolve-timeout', [CompletionResultType]::ParameterName, 'How long a registry may take for its first word [default: 5s]')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'The least severity that spoils the exit code [default: warn]')
            [CompletionResult]::new('--min-ready', '--min-ready', [CompletionResultType]::ParameterName, 'So many healthy endpoints are enough')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'This address must be listed (repeat, or separate with commas)')
            [CompletionResult]::new('--warn-expiry', '--warn-expiry', [CompletionResultType]::ParameterName, 'Warn of certificates that expire within this time; 0 never does [default: 14d]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'End without a verdict after this long: exit 124')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print [default: table]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] of the configuration file')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Go on and show every change as it comes')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'IPv4 addresses only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'IPv4 addresses only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'IPv6 addresses only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'IPv6 addresses only')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be contacted, and contact nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;probe' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'For bare names ask only these backends (repeat, or separate with commas)')
            [CompletionResult]::new('--dns-server', '--dns-server', [CompletionResultType]::ParameterName, 'Ask this DNS server instead of the system''s')
            [CompletionResult]::new('--dns-interval', '--dns-interval', [CompletionResultType]::ParameterName, 'Ask DNS again this often [default: the TTL, between 1s and 5s]')
            [CompletionResult]::new('--dc', '--dc', [CompletionResultType]::ParameterName, 'Consul: the datacenter')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Consul: only instances with this tag (repeat: with all of them)')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Kubernetes: the namespace of services that name none [default: the context''s]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Kubernetes: the namespace of services that name none [default: the context''s]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Kubernetes: the context of the kubeconfig [default: its current one]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port for names that come without one [default: 443, as gRPC]')
            [CompletionResult]::new('--resolve-timeout', '--resolve-timeout', [CompletionResultType]::ParameterName, 'How long a registry may take for its first word [default: 5s]')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS: auto finds out for each endpoint and says what it found [default: auto]')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust these roots (PEM) instead of the system''s')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate chain (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--servername', '--servername', [CompletionResultType]::ParameterName, 'Verify the certificate against this name')
            [CompletionResult]::new('--authority', '--authority', [CompletionResultType]::ParameterName, 'The :authority to send [default: the target''s name]')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Ask the health of this service [default: of the whole server]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send this metadata with every RPC: ''name: value'', or @FILE with one a line (repeat)')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send this metadata with every RPC: ''name: value'', or @FILE with one a line (repeat)')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time limit for TCP, TLS and the server''s SETTINGS together [default: 5s; 20s for watch]')
            [CompletionResult]::new('--rpc-timeout', '--rpc-timeout', [CompletionResultType]::ParameterName, 'One health RPC [default: 5s]')
            [CompletionResult]::new('--keepalive-time', '--keepalive-time', [CompletionResultType]::ParameterName, 'Ping a silent connection after this long; 0 never does [default: 0]')
            [CompletionResult]::new('--keepalive-timeout', '--keepalive-timeout', [CompletionResultType]::ParameterName, 'Give a connection up when a ping is not answered for this long [default: 20s]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Without an RPC for this long the channel goes IDLE; 0 never does. With probe: run the idle cycle')
            [CompletionResult]::new('--idle-ladder', '--idle-ladder', [CompletionResultType]::ParameterName, 'With probe --idle: hold a silent connection for each of these times too, shortest first, e.g. 10s,60s,350s')
            [CompletionResult]::new('--find-cutoff', '--find-cutoff', [CompletionResultType]::ParameterName, 'With probe --idle: find out how long a silence, up to this one, the path to an endpoint tolerates')
            [CompletionResult]::new('--lb', '--lb', [CompletionResultType]::ParameterName, 'Load-balancing policy [default: pick_first, as gRPC; in watch round_robin]')
            [CompletionResult]::new('--check-interval', '--check-interval', [CompletionResultType]::ParameterName, 'With watch: check a READY endpoint that has sent nothing for this long; 0 only before the end [default: 30s]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'What these clients would hold: kratos@2.7.2, grpc-go, all … [default: with probe --idle those in the wrong]')
            [CompletionResult]::new('--keep-connected', '--keep-connected', [CompletionResultType]::ParameterName, 'Reconnect when a connection is lost, without waiting for an RPC [default: true in watch]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Endpoints probed at the same time [default: 256]')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Endpoints probed at the same time [default: 256]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Begin at most this many probes a second')
            [CompletionResult]::new('--max-endpoints', '--max-endpoints', [CompletionResultType]::ParameterName, 'Probe at most this many endpoints, and say how many were left out')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'The least severity that spoils the exit code [default: warn]')
            [CompletionResult]::new('--min-ready', '--min-ready', [CompletionResultType]::ParameterName, 'So many healthy endpoints are enough')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'This address must be listed (repeat, or separate with commas)')
            [CompletionResult]::new('--warn-expiry', '--warn-expiry', [CompletionResultType]::ParameterName, 'Warn of certificates that expire within this time; 0 never does [default: 14d]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'End without a verdict after this long: exit 124')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print [default: table]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] of the configuration file')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'IPv4 addresses only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'IPv4 addresses only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'IPv6 addresses only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'IPv6 addresses only')
            [CompletionResult]::new('--plaintext', '--plaintext', [CompletionResultType]::ParameterName, 'No TLS: the same as --tls off')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'TLS without verifying the certificate')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'TLS without verifying the certificate')
            [CompletionResult]::new('--keepalive-without-calls', '--keepalive-without-calls', [CompletionResultType]::ParameterName, 'Ping without RPCs in flight too')
            [CompletionResult]::new('--keepalive-force', '--keepalive-force', [CompletionResultType]::ParameterName, 'Allow --keepalive-time below 10s, which servers punish (gRFC A8)')
            [CompletionResult]::new('--client-health', '--client-health', [CompletionResultType]::ParameterName, 'Health decides the connectivity state (gRFC A17; not with pick_first)')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be contacted, and contact nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;watch' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'End with the verdict of that moment after this long')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'End as soon as this is so')
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'For bare names ask only these backends (repeat, or separate with commas)')
            [CompletionResult]::new('--dns-server', '--dns-server', [CompletionResultType]::ParameterName, 'Ask this DNS server instead of the system''s')
            [CompletionResult]::new('--dns-interval', '--dns-interval', [CompletionResultType]::ParameterName, 'Ask DNS again this often [default: the TTL, between 1s and 5s]')
            [CompletionResult]::new('--dc', '--dc', [CompletionResultType]::ParameterName, 'Consul: the datacenter')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Consul: only instances with this tag (repeat: with all of them)')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Kubernetes: the namespace of services that name none [default: the context''s]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Kubernetes: the namespace of services that name none [default: the context''s]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Kubernetes: the context of the kubeconfig [default: its current one]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port for names that come without one [default: 443, as gRPC]')
            [CompletionResult]::new('--resolve-timeout', '--resolve-timeout', [CompletionResultType]::ParameterName, 'How long a registry may take for its first word [default: 5s]')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'TLS: auto finds out for each endpoint and says what it found [default: auto]')
            [CompletionResult]::new('--cacert', '--cacert', [CompletionResultType]::ParameterName, 'Trust these roots (PEM) instead of the system''s')
            [CompletionResult]::new('--cert', '--cert', [CompletionResultType]::ParameterName, 'Client certificate chain (PEM)')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client key (PEM)')
            [CompletionResult]::new('--servername', '--servername', [CompletionResultType]::ParameterName, 'Verify the certificate against this name')
            [CompletionResult]::new('--authority', '--authority', [CompletionResultType]::ParameterName, 'The :authority to send [default: the target''s name]')
            [CompletionResult]::new('--service', '--service', [CompletionResultType]::ParameterName, 'Ask the health of this service [default: of the whole server]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Send this metadata with every RPC: ''name: value'', or @FILE with one a line (repeat)')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Send this metadata with every RPC: ''name: value'', or @FILE with one a line (repeat)')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Time limit for TCP, TLS and the server''s SETTINGS together [default: 5s; 20s for watch]')
            [CompletionResult]::new('--rpc-timeout', '--rpc-timeout', [CompletionResultType]::ParameterName, 'One health RPC [default: 5s]')
            [CompletionResult]::new('--keepalive-time', '--keepalive-time', [CompletionResultType]::ParameterName, 'Ping a silent connection after this long; 0 never does [default: 0]')
            [CompletionResult]::new('--keepalive-timeout', '--keepalive-timeout', [CompletionResultType]::ParameterName, 'Give a connection up when a ping is not answered for this long [default: 20s]')
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'Without an RPC for this long the channel goes IDLE; 0 never does. With probe: run the idle cycle')
            [CompletionResult]::new('--idle-ladder', '--idle-ladder', [CompletionResultType]::ParameterName, 'With probe --idle: hold a silent connection for each of these times too, shortest first, e.g. 10s,60s,350s')
            [CompletionResult]::new('--find-cutoff', '--find-cutoff', [CompletionResultType]::ParameterName, 'With probe --idle: find out how long a silence, up to this one, the path to an endpoint tolerates')
            [CompletionResult]::new('--lb', '--lb', [CompletionResultType]::ParameterName, 'Load-balancing policy [default: pick_first, as gRPC; in watch round_robin]')
            [CompletionResult]::new('--check-interval', '--check-interval', [CompletionResultType]::ParameterName, 'With watch: check a READY endpoint that has sent nothing for this long; 0 only before the end [default: 30s]')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'What these clients would hold: kratos@2.7.2, grpc-go, all … [default: with probe --idle those in the wrong]')
            [CompletionResult]::new('--keep-connected', '--keep-connected', [CompletionResultType]::ParameterName, 'Reconnect when a connection is lost, without waiting for an RPC [default: true in watch]')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'The least severity that spoils the exit code [default: warn]')
            [CompletionResult]::new('--min-ready', '--min-ready', [CompletionResultType]::ParameterName, 'So many healthy endpoints are enough')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'This address must be listed (repeat, or separate with commas)')
            [CompletionResult]::new('--warn-expiry', '--warn-expiry', [CompletionResultType]::ParameterName, 'Warn of certificates that expire within this time; 0 never does [default: 14d]')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'End without a verdict after this long: exit 124')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print [default: table]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] of the configuration file')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'IPv4 addresses only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'IPv4 addresses only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'IPv6 addresses only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'IPv6 addresses only')
            [CompletionResult]::new('--plaintext', '--plaintext', [CompletionResultType]::ParameterName, 'No TLS: the same as --tls off')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'TLS without verifying the certificate')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'TLS without verifying the certificate')
            [CompletionResult]::new('--keepalive-without-calls', '--keepalive-without-calls', [CompletionResultType]::ParameterName, 'Ping without RPCs in flight too')
            [CompletionResult]::new('--keepalive-force', '--keepalive-force', [CompletionResultType]::ParameterName, 'Allow --keepalive-time below 10s, which servers punish (gRFC A8)')
            [CompletionResult]::new('--client-health', '--client-health', [CompletionResultType]::ParameterName, 'Health decides the connectivity state (gRFC A17; not with pick_first)')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be contacted, and contact nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;backends' {
            [CompletionResult]::new('--backend', '--backend', [CompletionResultType]::ParameterName, 'For bare names ask only these backends (repeat, or separate with commas)')
            [CompletionResult]::new('--dns-server', '--dns-server', [CompletionResultType]::ParameterName, 'Ask this DNS server instead of the system''s')
            [CompletionResult]::new('--dns-interval', '--dns-interval', [CompletionResultType]::ParameterName, 'Ask DNS again this often [default: the TTL, between 1s and 5s]')
            [CompletionResult]::new('--dc', '--dc', [CompletionResultType]::ParameterName, 'Consul: the datacenter')
            [CompletionResult]::new('--tag', '--tag', [CompletionResultType]::ParameterName, 'Consul: only instances with this tag (repeat: with all of them)')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Consul: read the ACL token from this file (or set CONSUL_HTTP_TOKEN)')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Kubernetes: the namespace of services that name none [default: the context''s]')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Kubernetes: the namespace of services that name none [default: the context''s]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Kubernetes: the context of the kubeconfig [default: its current one]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port for names that come without one [default: 443, as gRPC]')
            [CompletionResult]::new('--resolve-timeout', '--resolve-timeout', [CompletionResultType]::ParameterName, 'How long a registry may take for its first word [default: 5s]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] of the configuration file')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'IPv4 addresses only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'IPv4 addresses only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'IPv6 addresses only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'IPv6 addresses only')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;explain' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'grpc-discover;demo' {
            [CompletionResult]::new('--idle', '--idle', [CompletionResultType]::ParameterName, 'How long the channel may be silent before it goes IDLE')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print [default: table]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print [default: table]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour [default: auto]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file [default: ./.grpc-discover.toml, then the user''s]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the settings of [profile.NAME] of the configuration file')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be contacted, and contact nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on stderr but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'More: connection phases, notes of registries, which settings are used')
            [CompletionResult]::new('--no-config', '--no-config', [CompletionResultType]::ParameterName, 'Use no configuration file (the same as an empty GRPC_DISCOVER_CONFIG)')
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
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a commented example to PATH (never over an existing file); without PATH print it')
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
