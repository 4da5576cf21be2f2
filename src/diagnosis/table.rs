//! The findings table: one entry per finding, one source for the engine, `explain`, docs/findings.md and the tests.
//! Codes are stable: GD1xx discovery, GD2xx reaching an address, GD3xx TLS, GD4xx HTTP/2 and gRPC, GD5xx health,
//! GD6xx idle and staleness, GD9xx our own vantage point.

use crate::model::finding::{FindingKind, Severity};

macro_rules! findings {
    ($($code:ident $name:ident $severity:ident
        means $meaning:literal
        proved by $proof:literal
        remedy $remedy:literal
        $(see $($link:literal)+)? ;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: ", $meaning)]
            pub static $name: FindingKind = FindingKind {
                code: stringify!($code),
                name: stringify!($name),
                severity: Severity::$severity,
                meaning: $meaning,
                proof: $proof,
                remedy: $remedy,
                links: &[$($($link),+)?],
            };
        )*
        /// Every finding there is, by code.
        pub static FINDINGS: &[&FindingKind] = &[$(&$name),*];
    };
}

findings! {
    // Discovery.
    GD101 REGISTRY_NOT_ASKED Warn
        means "A registry gave no answer, so nothing is known about what it lists. This never counts as \"nobody is there\"."
        proved by "The backend's own error: which server was asked, for what, and what came back or did not."
        remedy "Check that the registry runs and is reachable from here: `grpc-discover backends`. Ask it again; other backends' answers stand."
        see "https://github.com/hashicorp/consul/issues/20790";

    GD102 NO_ENDPOINTS Critical
        means "The registry was asked, twice, and says with authority that the service has no endpoint."
        proved by "Two full answers in a row without an endpoint, and no sign that the registry hides results."
        remedy "Check the name as the instances register it; then whether they registered at all.";

    GD103 BACKENDS_DISAGREE Warn
        means "Two registries that were asked for the same service list different endpoints, so clients of one see another service than clients of the other."
        proved by "The two answers of this session, side by side."
        remedy "Find out which one lags: watch both with `grpc-discover resolve --watch`. For DNS compare the TTL with the lag.";

    GD104 REGISTRY_HIDES_RESULTS Critical
        means "The registry answered, and said that it left out what this token may not see. An empty list under such a token proves nothing."
        proved by "Consul's X-Consul-Results-Filtered-By-ACLs, or an empty list for an anonymous caller under a default-deny policy."
        remedy "Use a token with service:read and node:read for this service (CONSUL_HTTP_TOKEN or --token-file)."
        see "https://github.com/hashicorp/consul/issues/3069";

    GD105 EXPECTED_ENDPOINT_MISSING Critical
        means "An address that --expect names is listed by no registry."
        proved by "The full answers of every backend of this session."
        remedy "Check whether that instance registered, and under which name and address.";

    GD106 DISCOVERY_GAP Info
        means "The watch on a registry was lost for a while and recovered by itself. Nothing was taken for gone meanwhile."
        proved by "The backend's error at the start of the gap, and its first full answer after it."
        remedy "Nothing to do now. If it repeats, look at the registry and at what lies between it and its clients: clients without recovery froze at that moment.";

    GD107 REGISTRY_MAY_BE_OLD Warn
        means "The registry answered without a leader, or from a server that lags behind it: the list may be old."
        proved by "Consul's X-Consul-KnownLeader and X-Consul-LastContact."
        remedy "Check the registry's cluster (`consul operator raft list-peers`), then ask again.";

    GD108 NONE_USABLE Critical
        means "Endpoints are registered and the registry itself calls none of them usable: a client that follows it has nobody to call."
        proved by "The registry's own status for each of them, with the checks behind it."
        remedy "Look at the failing checks that the finding names.";

    GD109 TOO_MANY_ENDPOINTS Info
        means "More endpoints are listed than --max-endpoints allows, so only some were probed."
        proved by "The number of distinct addresses listed."
        remedy "Raise --max-endpoints to probe them all.";

    GD110 FILTERED_TO_NOTHING Critical
        means "Instances are registered, and none of them is left after what was asked for: a tag, passing checks, or an endpoint for gRPC (a framework that registered HTTP only)."
        proved by "The registry's unfiltered list of this session, counted after each step: registered, with a grpc endpoint, passing, tagged."
        remedy "Look at the step where the number falls to 0: ask without the tag or without `healthy=true`, or register the gRPC endpoint beside the HTTP one."
        see "https://github.com/go-kratos/kratos/issues/3374" "https://github.com/go-kratos/kratos/issues/2641" "https://github.com/zeromicro/go-zero/issues/4568";

    GD111 ADDRESS_NOT_FOR_OTHERS Warn
        means "An instance registered an address that means something else, or nothing, to everybody but itself: 0.0.0.0, loopback, link-local, Docker's default bridge."
        proved by "The address itself; for loopback also the registry's own address of the node, which is elsewhere; for Docker's bridge also that it leads nowhere from here."
        remedy "Have the instance register the address that clients reach: set the advertised endpoint explicitly instead of letting the framework guess."
        see "https://github.com/go-kratos/kratos/issues/1686" "https://github.com/gliderlabs/registrator/issues/169" "https://github.com/zeromicro/go-zero/issues/4278";

    GD112 DUPLICATE_IDENTITY Warn
        means "What should be one instance is two: one id at two addresses, two processes that overwrite each other's registration, or one address under two ids, which then counts twice. The same id on two nodes is ordinary and not told."
        proved by "The registry's list of this session, or the changes of it: the same id of the same node at an address, at another one, and back again."
        remedy "Give every process an id of its own (host and port in it), and deregister the entry that is left over."
        see "https://github.com/go-kratos/kratos/issues/329" "https://github.com/go-kratos/kratos/issues/3373";

    GD113 VIRTUAL_IP Info
        means "DNS gives one address, which answers and is none of the several that another registry lists, or is what that registry has in front of them (a Service's ClusterIP): a virtual IP or a load balancer. HTTP/2 keeps one connection, so a client behind it uses one of the endpoints at a time and never learns of new ones. It could also be an instance that serves without being registered."
        proved by "Both answers of this session, and that the one address was reached, or that Kubernetes names it as the Service's ClusterIP."
        remedy "For balancing per call use a headless service with round_robin, a proxy that speaks HTTP/2, or MAX_CONNECTION_AGE at the server."
        see "https://github.com/grpc/grpc-node/issues/960" "https://github.com/connectrpc/connect-go/issues/782";

    GD114 IPV6_UNREACHABLE_FIRST Warn
        means "The name has IPv4 and IPv6 addresses, and every IPv6 one leads nowhere from here. Clients that try IPv6 first lose time on every connection, some of them all of it."
        proved by "An attempt to reach every AAAA address failed on the way (unreachable, or no answer to the SYN), and an A address was reached."
        remedy "Mend the IPv6 route or remove the AAAA records; meanwhile `-4` asks for IPv4 only."
        see "https://github.com/grpc/grpc/issues/31466";

    GD115 REGISTRY_LIMIT Warn
        means "The registry takes no more questions from this address: a limit on connections or on the rate. Clients on the same host starve in the same way, and keep the list they had."
        proved by "The registry's own refusal: HTTP 429, or an error that names the rate limit."
        remedy "Count the connections from this host to the registry (`ss -tn`); raise limits.http_max_conns_per_client (200 by default in Consul) or share one agent connection."
        see "https://github.com/hashicorp/consul/issues/7284";

    GD116 REGISTRY_STALE Warn
        means "Two agents of the same registry, asked for the same service, list different endpoints: one of them lags, is cut off, or belongs to another cluster."
        proved by "Both answers of this session, with the index of each."
        remedy "Ask the agent that lags about its cluster: `consul operator raft list-peers -http-addr=AGENT`, `consul members -http-addr=AGENT`; then ask both again."
        see "https://github.com/hashicorp/consul/issues/20790";

    GD117 PERMANENT_ENTRY Warn
        means "Entries of the registry hold no lease (ZooKeeper: they are not ephemeral). They were written by hand or by something that does not renew them, and stay when their process is gone: clients are sent there until somebody deletes them."
        proved by "The lease of the key as etcd tells it, or the session that owns the node as ZooKeeper tells it: none."
        remedy "Register with a lease that the process keeps alive, as the frameworks' own registrars do; delete what is left over: `etcdctl del KEY`, `zkCli.sh delete PATH`."
        see "https://github.com/etcd-io/etcd/issues/10821";

    GD118 LEASE_NOT_RENEWED Warn
        means "The lease of an entry has less than a third of its time left. Whoever keeps one alive renews it when a third or a half of it has passed, so its owner is dead, hangs, or is cut off from the registry, and may still serve."
        proved by "What the lease was granted and what is left of it, as etcd tells it (LeaseTimeToLive)."
        remedy "Look at the process and at its connection to the registry. `etcdctl lease timetolive ID --keys` shows the lease; an entry that left although its process serves must be registered again by the process."
        see "https://github.com/zeromicro/go-zero/issues/4960" "https://github.com/etcd-io/etcd/issues/10821";

    GD119 LEASE_TOO_LONG Info
        means "The lease of an entry is more than ten times what its framework grants. When its process dies, clients are sent there for all that time."
        proved by "What the lease was granted, as etcd tells it, and the framework's own value for the layout that was recognised."
        remedy "Lower the registration's TTL (Kratos: RegisterTTL; kitex: KITEX_ETCD_REGISTRY_LEASE_TTL; go-micro: RegisterTTL), and find out who wrote the entry.";

    GD120 TERMINATING_STILL_ROUTED Warn
        means "A pod is being deleted, and somebody still sends clients to it: a copy that lags (DNS), or the Service itself, which publishes pods that are not ready (publishNotReadyAddresses). When the pod closes its port first, calls to it fail."
        proved by "The conditions of its EndpointSlice, the other answer of this session that still lists it or the ready condition beside it, and where the address was contacted, what it said."
        remedy "Keep serving for as long as the news takes: a preStop sleep longer than DNS' TTL and the rollout's slowest client, then a graceful stop. Without need for it, switch publishNotReadyAddresses off."
        see "https://github.com/kubernetes/kubernetes/issues/128479" "https://github.com/knative/serving/issues/13575";

    GD121 ENTRIES_WITHOUT_OWNER Warn
        means "EndpointSlices of the Service have no owner, although the Service has a selector or is gone. The controller that keeps the others leaves them alone, and nothing deletes them with the Service: what they list stays, dead or not."
        proved by "The owner references of the slices and the Service's selector, as the API server tells them."
        remedy "Find out who wrote them (`kubectl get endpointslice NAME -o yaml`: managedFields, the managed-by label) and delete what is left over: `kubectl delete endpointslice NAME`."
        see "https://github.com/kubernetes/kubernetes/issues/127370" "https://github.com/kubernetes/kubernetes/issues/103804";

    GD122 SEVERAL_SLICES Info
        means "The endpoints of the Service are in several EndpointSlices (a controller fills one with 100). That is ordinary; but some clients take the slice they heard of last for all of them: kuberesolver and go-zero's resolver. Such a client knows one slice's endpoints only, and others each time one changes."
        proved by "The slice of every endpoint, as the API server tells it. `--as kuberesolver` shows what such a client would hold."
        remedy "Give such clients the headless Service over DNS instead, or one that joins all slices."
        see "https://github.com/sercand/kuberesolver/issues/66" "https://github.com/zeromicro/go-zero/issues/5659";

    GD123 LEGACY_LIST_DIFFERS Warn
        means "The legacy Endpoints of the Service list other ready addresses than its EndpointSlices. Clients that still read Endpoints (old resolvers and proxies) see another service."
        proved by "Both objects, read at the same time. For a moment they may differ by nature: two controllers write them."
        remedy "Ask again after a few seconds; if it stays, look at who writes the Endpoints (above 1000 addresses they are cut), and move the clients to EndpointSlices."
        see "https://github.com/kubernetes/kubernetes/issues/110301" "https://github.com/sercand/kuberesolver/issues/54";

    GD124 DNS_ANSWER_CUT Warn
        means "A DNS server sends fewer records over UDP than over TCP and does not set the TC bit that tells clients to repeat the query over TCP (or it cuts its answer over TCP as well). Resolvers query over UDP, so clients use a part of the endpoints."
        proved by "The same query over UDP and over TCP: every record of the UDP answer is in the TCP answer, which has more."
        remedy "Make the server set the TC bit when it cuts an answer, or raise its limit; until then clients see a part of the endpoints."
        see "https://github.com/hashicorp/consul/issues/2335" "https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/dns#enable_truncate";

    GD125 DNS_RECORD_UNUSABLE Warn
        means "An SRV record has port 0, the target \".\", or a target without an address, so no client can use it."
        proved by "The SRV record, and the answers to A and AAAA of its target."
        remedy "Remove the record, or correct its port or its target; then query again.";

    GD126 DNS_HALF_ANSWERED Warn
        means "One of A and AAAA is answered with addresses and the other one with NXDOMAIN, with an error, or not at all. Resolvers query both: musl's (Alpine) fails the whole lookup, glibc's and Go's wait for the missing answer."
        proved by "The answers to both queries for the same name; the one that is missing was waited for 1.5 seconds after the other one."
        remedy "Make the server answer both types; a name without records of one type is NOERROR with no records (RFC 4074). Meanwhile `-4` queries IPv4 only."
        see "https://datatracker.ietf.org/doc/html/rfc4074" "https://datatracker.ietf.org/doc/html/rfc8020";

    GD127 SEARCH_LIST_SHADOWS_NAME Warn
        means "The name was completed by the search list of resolv.conf and found there, while the name as given has other addresses. Clients on this host go elsewhere than clients without this search list; a wildcard record in the search domain is the usual cause."
        proved by "The addresses of both full names, queried from the same servers."
        remedy "End the name with a dot (`pay.example.`) in the client's target, lower ndots, or remove the wildcard record from the search domain."
        see "https://github.com/kubernetes/kubernetes/issues/49113";

    GD128 SERVICE_CONFIG_INVALID Warn
        means "The gRPC service config that DNS publishes (TXT record _grpc_config, gRFC A2) is not valid. grpc-go and grpc-js read it by default and fail every call until it is valid; grpc-java reads it when its system property enable_service_config is set; C-core and Python only when service config resolution is enabled."
        proved by "The text of the TXT record, checked by grpc-go's rules; the finding names the place in it."
        remedy "Correct or delete the TXT record; in a grpc-go client `grpc.WithDisableServiceConfig()` ignores it."
        see "https://github.com/grpc/proposal/blob/master/A2-service-configs-in-dns.md" "https://github.com/grpc/grpc-go/issues/3207";

    GD129 LOOPBACK_ONE_FAMILY Info
        means "The name stands for this machine (localhost, or a name with loopback addresses only), and the server listens on IPv4 or on IPv6 alone. Clients try both addresses and use the one that answers."
        proved by "One loopback address refused the connection and the other one accepted it."
        remedy "Nothing, unless clients name the other address: then let the server listen on both (`[::]:PORT`).";

    GD130 DNS_WITHOUT_EDNS Info
        means "The DNS server cannot handle EDNS: it answers FORMERR, NOTIMP or BADVERS to a query with an OPT record, or not at all. Resolvers that send EDNS by default (Go, systemd-resolved) query it a second time or fail; answers over 512 bytes need TCP."
        proved by "The same query with EDNS and without it."
        remedy "Upgrade the server, or the firewall in front of it that drops queries with EDNS."
        see "https://github.com/golang/go/issues/67925" "https://dnsflagday.net/2019/";

    GD131 REGISTRY_LOST_ITS_LIST Info
        means "The registry came back after a gap and lacks endpoints that it listed before, as after a restart without its data: instances register again one by one, when they renew. What is missing is not called gone for two to three renewal intervals (Eureka: 75 s; others, when they come back empty: 10 s)."
        proved by "The list before the gap and the first list after it."
        remedy "Nothing, when the endpoints come back. Clients of this registry lost them meanwhile: run more than one replica of it, or one that keeps its data."
        see "https://github.com/Netflix/eureka/wiki/Understanding-Eureka-Peer-to-Peer-Communication";

    GD132 ENTRIES_LEFT_OUT Warn
        means "Some registered instances are left out: their entry cannot be read, has no gRPC endpoint or no valid port, or does not pass the filter of the target. Clients of their framework leave them out too, or lose the whole list over one of them (Kratos with etcd and ZooKeeper)."
        proved by "The entries of the registry, counted before and after each step, with the reason for each that was left out."
        remedy "Look at who wrote the entries that the finding names, and delete or correct them."
        see "https://github.com/go-kratos/kratos/issues/2641";

    GD133 NOT_PASSING Warn
        means "Some instances are listed and do not pass: a check warns or fails, or they are not UP or not ready. Clients that take only passing instances leave them out, others (Consul's DNS, clients without that filter) use those that only warn."
        proved by "The registry's own status for each of them, with its check and the output of that check."
        remedy "Look at the check that the finding names and at its output; clients without the filter use the instance meanwhile."
        see "https://github.com/hashicorp/consul/issues/2452";

    GD134 NONE_PASSING Critical
        means "Instances are listed and not one of them passes: a check warns, or they are not UP. Clients that take only passing instances find none, although others work."
        proved by "The registry's own status for each of them, with its check and the output of that check."
        remedy "Look at the check that the finding names and at its output: until it passes, clients that ask for passing instances have no endpoint."
        see "https://github.com/hashicorp/consul/issues/2452";

    GD135 IN_MAINTENANCE Warn
        means "The instance (or its node) was taken out of service on purpose, by an operator or by itself. Clients do not use it until that ends."
        proved by "Consul's maintenance check with its reason, or Eureka's status OUT_OF_SERVICE."
        remedy "When the work is done, end the maintenance mode."
        see "https://github.com/hashicorp/consul/issues/1257";

    GD136 MESH_ONLY Info
        means "The instance is part of a service mesh and its port accepts no other traffic. It cannot be judged from outside the mesh, and its registration is not at fault."
        proved by "The mesh proxy that the registry lists for the instance, and the failure to reach the instance itself."
        remedy "Connect through a mesh proxy and probe that, or run from inside the mesh; leave the registration as it is.";

    GD137 IMPLIED_REGISTRY_NOT_ASKED Info
        means "A registry that only the environment makes active did not respond, or hides results, and another one lists the service. It changes no verdict."
        proved by "The backend's own error, and the answer of the other registry."
        remedy "Name the registries that count with --backend or in the configuration file, or correct the variable: `grpc-discover backends`.";

    GD138 FILTERED_BY_TARGET Info
        means "Some registered instances do not have the tag that the target asks for."
        proved by "The registry's unfiltered list of this session."
        remedy "Nothing, when the tag is meant to select some of the instances; otherwise query without it.";

    GD139 NOTHING_READABLE Warn
        means "Entries are registered that are not in a form that this tool can read, and no other one is usable. Clients of the framework that wrote them may be able to, so this does not count as \"no endpoint\"."
        proved by "The entries of the registry, with what is wrong with each."
        remedy "Find out which framework wrote the entries; if it is one of those in docs/backends.md, the entries are damaged: correct them.";

    GD140 ACCESS_LOST Warn
        means "The registry accepted these credentials earlier in this session and now refuses them or hides results from them. The last list is kept, nothing is called gone, and changes are not seen until access is given back."
        proved by "The list of this session, and the registry's later refusal (401, 403, permission denied) or its statement that results were left out."
        remedy "Give the rights back, or use credentials that have them; a token or a certificate may have expired.";

    GD141 REGISTRY_CONTRADICTS_ITSELF Warn
        means "The registry returned an empty list several times, and a list with endpoints to the query that was to confirm it. Such an empty list is not believed; clients that believe it lose every endpoint for a moment."
        proved by "The empty answers and the answers after them; the delay between such queries grows from 4 s to 60 s."
        remedy "Look for replicas of the registry that disagree, or for a proxy or cache in front of it; query each replica by itself and compare.";

    GD145 CREDENTIALS_NOT_SENT Info
        means "The API server is an http:// one, so no token, password or client certificate was sent to it and no credential plugin was run, as kubectl does. The response is what an anonymous caller gets."
        proved by "The server's URL in the kubeconfig, and the user beside it, which has credentials."
        remedy "Write https:// into the kubeconfig if the server speaks TLS; for a local proxy (`kubectl proxy`), which adds credentials itself, nothing is wrong."
        see "https://kubernetes.io/docs/tasks/extend-kubernetes/http-proxy-access-api/";

    GD150 DNS_ROTATES Warn
        means "The DNS server answers with another part of the addresses each time. Clients that resolve again close connections to addresses that are missing from the new answer, although nothing has left, and each client knows a part of the service only."
        proved by "Three or more answers of this session, each within 60 s of the one before, that exchange addresses for as many others, and addresses that come back. An address that only such a DNS server left out counts as neither gone nor moved."
        remedy "Have the DNS server return all addresses: Consul limits UDP answers with dns_config udp_answer_limit and a_record_limit, Route 53 multivalue records return 8. Or query the registry itself.";

    // Reaching an address.
    GD201 CONNECTION_REFUSED Critical
        means "A host is there and nothing listens on the port."
        proved by "The kernel's ECONNREFUSED: a RST came back for the SYN."
        remedy "Check that the server runs and listens on this address and port (not only on loopback); if it is gone for good, deregister it.";

    GD202 HOST_UNREACHABLE Critical
        means "There is no way from here to the host."
        proved by "The kernel's EHOSTUNREACH or ENETUNREACH: a router, or this machine's own routing table, said no."
        remedy "Check routes and network policy between here and there; ask whether the address is advertised for another network.";

    GD203 CONNECTION_RESET Critical
        means "The connection was accepted and then reset before gRPC was spoken."
        proved by "The kernel's ECONNRESET in the stage named."
        remedy "Look for a proxy or load balancer in front without a backend, or a server that crashes on accept.";

    GD204 BLACK_HOLE Critical
        means "Packets to this address vanish: neither an answer nor a refusal came back."
        proved by "No answer to the SYN within the connect timeout. A listener whose queue is full looks the same from here: the kernel drops the SYN of both."
        remedy "Check firewalls and security groups on the way, and whether the host still exists: a Pod address of a lost node looks like this. If other ports of the host answer, look at the listener's queue there (`ss -ltn`).";

    GD205 CLOSED_BEFORE_HTTP2 Critical
        means "The port accepts connections and closes them before the server's first HTTP/2 frame is complete."
        proved by "End of stream before the server's SETTINGS frame."
        remedy "Look for a load balancer without backends, a TLS-only port probed with --plaintext, or a connection limit.";

    GD206 SILENT_PORT Critical
        means "The port accepts connections and nobody ever speaks: the kernel answers, the application does not."
        proved by "TCP connected, and no SETTINGS frame within the connect timeout."
        remedy "Look at the process: frozen, deadlocked, out of file descriptors, or a proxy that waits for its backend. Some clients (grpc-js) wait for ever here."
        see "https://github.com/grpc/grpc-node/issues/2785";

    GD207 HOST_NAME_NOT_FOUND Critical
        means "The registry gave a host name instead of an address, and the name has no address here."
        proved by "The answer of this machine's resolver."
        remedy "Register an IP address, or make the name resolvable where the clients run.";

    GD208 LOCAL_LIMIT Critical
        means "This machine forbids the connection, or could not make it. This proves nothing about the endpoint."
        proved by "The kernel's own error (EPERM, EACCES), or what was missing here."
        remedy "Mend what the error names on this machine. For a connection that is not permitted check its firewall rules (`nft list ruleset`, `iptables -S OUTPUT`) and its sandbox (seccomp, SELinux).";

    GD209 NOT_REACHED Critical
        means "The connection failed for a reason of the operating system that has no finding of its own."
        proved by "The system's error, quoted."
        remedy "Read the error; `grpc-discover probe -o json` has every stage that was passed.";

    // TLS.
    GD301 CERTIFICATE_EXPIRED Critical
        means "The server's certificate has expired: every client that verifies refuses it."
        proved by "The dates of the certificate that the server presented."
        remedy "Renew the certificate, and make the server load the new one.";

    GD302 CERTIFICATE_NOT_YET_VALID Critical
        means "The server's certificate is not valid yet."
        proved by "The dates of the certificate against this machine's clock."
        remedy "Check the clocks of both machines, then the certificate's dates.";

    GD303 CERTIFICATE_WRONG_NAME Critical
        means "The server's certificate is for other names than the one clients verify."
        proved by "The names in the certificate and the name that was asked for."
        remedy "Add the name to the certificate, or set the name that clients verify (--servername here, authority in the client).";

    GD304 CERTIFICATE_NOT_TRUSTED Critical
        means "The server's certificate does not verify: its issuer is not trusted here, or the chain is broken."
        proved by "The verification of the chain that the server presented."
        remedy "Trust the right authority (--cacert), or have the server send its intermediate certificates.";

    GD305 CLIENT_CERTIFICATE_REQUIRED Critical
        means "The server wants a client certificate and got none that it accepts."
        proved by "The server's TLS alert, which TLS 1.3 sends only after the handshake; or it asked for a certificate and ended the connection after one that cannot be right (none, another issuer, expired, another purpose)."
        remedy "Give --cert and --key.";

    GD306 NO_ALPN_H2 Critical
        means "TLS works and the server does not select HTTP/2: gRPC core and grpc-go since 1.67 refuse it, some older clients do not."
        proved by "The handshake: no application protocol, or another one than h2, was selected."
        remedy "Switch on h2 (ALPN) at the TLS endpoint or the load balancer's listener."
        see "https://github.com/grpc/grpc-go/issues/434";

    GD307 TLS_ON_PLAINTEXT_PORT Critical
        means "TLS was asked for and the port speaks no TLS."
        proved by "The first bytes of the answer are no TLS record."
        remedy "Use --plaintext (or --tls auto), or switch TLS on at the server.";

    GD308 TLS_HANDSHAKE_UNANSWERED Critical
        means "TCP connects and the TLS handshake gets no answer."
        proved by "No byte after the ClientHello within the connect timeout."
        remedy "Look at the process behind the port: frozen, or it waits for another protocol to begin.";

    GD309 TLS_FAILED Critical
        means "The TLS handshake failed."
        proved by "The alert or the error, quoted."
        remedy "Compare TLS versions and cipher suites of both sides.";

    GD310 CERTIFICATE_EXPIRES_SOON Warn
        means "The certificate that the server presents, or an issuer in its chain, ends soon; then every client that verifies refuses the endpoint."
        proved by "The dates of the presented chain against this machine's clock; --warn-expiry sets how soon is soon (14 days, 0 for never)."
        remedy "Renew the certificate, and make every server load the new one: a renewal that the process has not loaded looks like this.";

    GD311 CERTIFICATES_DIFFER Info
        means "The endpoints of one service present certificates that differ in names or issuer, so a client may trust one endpoint and refuse another."
        proved by "The certificates presented in this session, side by side."
        remedy "Nothing, while a certificate is being rotated; otherwise compare them with -o json and give the odd one the certificate of the others.";

    GD312 CERTIFICATE_REFUSED_BY_SOME Warn
        means "The server's certificate, or an issuer of it, is one that some client stacks refuse and others accept."
        proved by "The presented chain, compared with what grpc-go, C-core, grpc-java, grpc-js and rustls accept (tried with each)."
        remedy "Issue the certificate anew with what every stack accepts: ECDSA P-256 or RSA of 2048 bits, SHA-256, a subject alternative name, serverAuth, digitalSignature."
        see "https://github.com/grpc/grpc/issues/24252" "https://github.com/rustls/rustls/issues/234";

    GD313 CERTIFICATE_WRONG_PURPOSE Critical
        means "The server's certificate, or an issuer of it, is not valid for server authentication: clients refuse it."
        proved by "The extended key usage of the presented chain."
        remedy "Issue the server's certificate anew with serverAuth in its extended key usage."
        see "https://github.com/cert-manager/cert-manager/issues/2407";

    GD314 CERTIFICATE_UNUSABLE Critical
        means "Clients refuse a certificate of the server's chain because of its key, signature, version or extensions. Which authority issued it makes no difference."
        proved by "The presented chain; the text says which client stacks accept it where any do."
        remedy "Issue that certificate anew, as the text says.";

    GD315 INTERMEDIATE_MISSING Critical
        means "The server does not send the intermediate certificate that signed its own, so clients cannot find the way to the root that they trust."
        proved by "The presented chain, and what the certificate says of its issuer: where to fetch it, or who issued it."
        remedy "Have the server send its full chain: its own certificate, then the intermediate ones.";

    // HTTP/2 and gRPC.
    GD401 SPEAKS_HTTP1 Critical
        means "The port speaks HTTP/1, not gRPC."
        proved by "The first bytes of the answer, quoted."
        remedy "Use the gRPC port; a service with both registers both, and clients must pick the right one.";

    GD402 PLAINTEXT_ON_TLS_PORT Critical
        means "The port wants TLS and was spoken to in plaintext."
        proved by "The answer is a TLS record; or the port hung up without a word, and answered a ClientHello on a second connection."
        remedy "Use --tls on (or auto), and TLS credentials in the client.";

    GD403 NOT_HTTP2 Critical
        means "Something else listens there: its first bytes are no HTTP/2."
        proved by "The first bytes of the answer, quoted."
        remedy "Check the port: the bytes usually name the program.";

    GD404 GOAWAY_AT_ONCE Critical
        means "The server says GOAWAY instead of serving."
        proved by "The GOAWAY frame, with code and debug data, before SETTINGS or before the health call was answered."
        remedy "Read the debug data: a server that shuts down, a limit, or keepalive pings that it forbids.";

    GD405 NO_STREAMS_ALLOWED Critical
        means "The server's SETTINGS allow no stream at all: calls would wait for ever."
        proved by "SETTINGS_MAX_CONCURRENT_STREAMS is 0."
        remedy "Check the server's or proxy's stream limit.";

    GD406 HTTP2_PROTOCOL_ERROR Critical
        means "The peer broke a rule of HTTP/2: of the connection, or of one response. Our side ended it, as other clients do."
        proved by "The frame that broke the rule, with stream, length and the section of RFC 9113 (RFC 7541 for header compression)."
        remedy "Find out who sends it: probe the server without the proxies between. Then update that program, or report the frame to its authors."
        see "https://www.rfc-editor.org/rfc/rfc9113.html" "https://github.com/grpc/grpc-java/issues/2559";

    GD407 PROXY_ANSWERED Critical
        means "A proxy or web server answered in the server's place: the address is reached, the gRPC server behind it is not."
        proved by "The response itself: an HTTP status without grpc-status, or a gRPC status in a proxy's own words, with headers that name the proxy (server, via, x-envoy-*, x-amzn-*, cf-ray)."
        remedy "Look behind the proxy: its routes, the health of its servers, its timeouts."
        see "https://github.com/istio/istio/issues/45261" "https://github.com/istio/istio/issues/49480" "https://github.com/grpc/grpc-go/issues/4513" "https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md";

    GD408 NO_GRPC_ANSWER Critical
        means "The endpoint speaks HTTP/2 and answers a gRPC call with a plain HTTP response: what listens there is no gRPC server."
        proved by "The response: an HTTP status, no grpc-status, no content-type application/grpc. A gRPC client turns it into another error (404 becomes UNIMPLEMENTED)."
        remedy "Find the port or the route of the gRPC server: an HTTP server without one answers there."
        see "https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md";

    GD409 STREAM_RESET Critical
        means "The connection stands and the server, or a proxy before it, reset the stream of the call without a gRPC status."
        proved by "RST_STREAM with its error code. Who sent it, server or proxy, cannot be told from outside."
        remedy "REFUSED_STREAM: the server takes no calls now (it drains, or is at its limit). INTERNAL_ERROR and PROTOCOL_ERROR: look at its log and at proxies. ENHANCE_YOUR_CALM: it limits rates."
        see "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors";

    GD410 STREAM_LIMIT Info
        means "The server allows one stream at a time on a connection: a client that watches health (gRFC A17) has none left for its calls, and every call waits for the one before it."
        proved by "SETTINGS_MAX_CONCURRENT_STREAMS is 1. Larger limits are no finding: from outside it cannot be seen how many streams clients hold."
        remedy "Raise the limit at the server or proxy, or have clients open more channels."
        see "https://github.com/grpc/grpc-java/issues/8252" "https://github.com/googleapis/google-cloud-go/issues/5513";

    GD411 KEEPALIVE_CALMED Warn
        means "The server closed the connection because it was pinged too often; clients with such keepalive settings lose their calls again and again."
        proved by "GOAWAY ENHANCE_YOUR_CALM with the debug data too_many_pings."
        remedy "Ping less often (--keepalive-time here, the client's keepalive time there; servers allow one in 5 minutes by default, and none without calls), or loosen the server's enforcement policy."
        see "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md" "https://github.com/grpc/grpc/issues/33661" "https://github.com/alibaba/nacos/issues/4751";

    GD412 CONNECTION_ROTATION Info
        means "The server ends connections by rule, at a certain age or after a time without calls, and says so politely; clients reconnect. Calls longer than its grace period are cut."
        proved by "GOAWAY that names the rule (max_age, max_idle), on a connection of the channel or of an idle-connection check; or three or more with NO_ERROR after lifetimes that differ by at most a fifth."
        remedy "Nothing, when it is meant (it is how clients find new endpoints). Otherwise look at the server's max_connection_age and max_connection_idle, and at its grace period."
        see "https://github.com/grpc/proposal/blob/master/A9-server-side-conn-mgt.md" "https://github.com/grpc/grpc/issues/26703";

    GD413 FLAPPING Warn
        means "Connections to this address become READY and are lost again and again, without a polite reason."
        proved by "Three or more losses of READY connections to the address in this session, none of them announced by a GOAWAY that names a rule of the server, or by GOAWAY NO_ERROR on a connection that had stood for a second."
        remedy "Look at the process (does it crash or restart?) and at the path: a proxy that accepts and then finds no backend, an idle timeout shorter than the client's silence."
        see "https://github.com/grpc/grpc-go/issues/2443" "https://github.com/grpc/grpc-java/issues/7851";

    GD414 CLOSED_AFTER_SETTINGS Critical
        means "The server said SETTINGS, so clients call the connection READY, and ended it before it answered a call: clients flap between READY and IDLE."
        proved by "The server's SETTINGS, then the end of the connection (end of stream, or a reset) while the call was in flight, without GOAWAY."
        remedy "Look at the process: it crashes on the call, or a proxy speaks HTTP/2 for a backend that it does not reach."
        see "https://github.com/grpc/grpc-go/issues/4650";

    GD415 NOT_VALID_GRPC Critical
        means "The response is valid HTTP/2 and not valid gRPC: no grpc-status or an unknown one, a message that is cut off, compressed without being asked for, or not a message at all."
        proved by "The response's own headers, trailers and message prefix, quoted."
        remedy "Find out who writes the response: probe the server without the proxies between, and look at its gRPC library."
        see "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md";

    GD416 REQUEST_HEADERS_TOO_LARGE Critical
        means "The server or proxy does not accept request headers of this size: every client that sends as much metadata fails in the same way."
        proved by "The size of our own request headers, and SETTINGS_MAX_HEADER_LIST_SIZE, HTTP 431, the words of the response, or ENHANCE_YOUR_CALM after them."
        remedy "Probe without -H. If that works, send less metadata (a shorter token), or raise the limit at the server or proxy."
        see "https://github.com/grpc/grpc-java/issues/11430" "https://github.com/grpc/grpc/issues/37852";

    GD417 FOREIGN_CONTENT_TYPE Warn
        means "The response is gRPC in everything but its content type. grpc-go and grpc-java refuse it: their clients fail although the server serves. gRPC C-core (Python, C++, Ruby) and grpc-js do not look at it."
        proved by "The response's content-type, quoted. gRPC's is application/grpc, alone or before + or ;."
        remedy "Have the server or the proxy that answers send content-type application/grpc."
        see "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md";

    GD418 GOAWAY_WITH_ANSWER Info
        means "The server answered the call and closes the connection at once with GOAWAY: it is shutting down, or allows few calls on a connection. Clients reconnect each time."
        proved by "The GOAWAY frame, with code and debug data, on a connection that had stood for less than a second."
        remedy "Probe again: if it stays so, look for a limit of requests per connection (nginx keepalive_requests, Envoy max_requests_per_connection) or a rollout."
        see "https://github.com/grpc/proposal/blob/master/A9-server-side-conn-mgt.md";

    GD419 OUR_HTTP2_LIMIT Warn
        means "The server broke no rule and sent more than our own HTTP/2 library accepts (header list, CONTINUATION frames, small frames in a row). We ended the connection; nothing is known about the service. Other clients have other limits."
        proved by "What the server sent, counted, and the limit of our library."
        remedy "Probe with the client that matters: grpc-java accepts 8 KiB of response headers, gRPC C-core 16 KiB, grpc-go 16 MiB. Then find out why the server sends so much.";

    GD420 BEHIND_A_PROXY Info
        means "A proxy or load balancer passed the health call on: the answer is that of one of the servers behind it. Whether the others are well it does not show, and another call may reach another server."
        proved by "The headers of the response, which name the proxy (server, via, x-envoy-*, x-amzn-*, cf-ray). A proxy that adds no such header cannot be seen."
        remedy "Probe the servers behind the proxy at their own addresses: the registry that feeds it lists them."
        see "https://github.com/grpc/grpc/blob/master/doc/load-balancing.md";

    GD421 FLOODS Critical
        means "The server sends small frames (PING, WINDOW_UPDATE, SETTINGS, PRIORITY, RST_STREAM, empty DATA, frames of unknown types) without pause. Our side ended the connection; clients without such a limit spend a CPU core on it."
        proved by "More than 10,000 small frames within 10 s on one connection, counted by kind. No server sends as many on a connection with health calls only."
        remedy "Find out who sends the frames: probe the server without the proxies between. Then update that program, or report it to its authors; until then take the endpoint out of the registry."
        see "https://github.com/Netflix/security-bulletins/blob/master/advisories/third-party/2019-002.md" "https://www.rfc-editor.org/rfc/rfc9113.html#section-10.5";

    // Health.
    GD501 NOT_SERVING Critical
        means "The endpoint is reachable and its own health service says that it does not serve."
        proved by "grpc.health.v1 Check answered NOT_SERVING (or UNKNOWN). What else the server knows is asked with List (gRFC A90), or Check of the empty name."
        remedy "Look at the server's own dependencies. If the registry still calls it healthy, its check is too weak: use a gRPC health check.";

    GD502 HEALTH_SERVICE_UNKNOWN Warn
        means "The server's health service does not know the service that was asked for."
        proved by "grpc.health.v1 Check answered NOT_FOUND, or Watch SERVICE_UNKNOWN. The names it knows are asked with List (gRFC A90)."
        remedy "Check --service, or register that name with the server's health service. Clients with health checking treat it as down.";

    GD503 HEALTH_CALL_FAILED Critical
        means "HTTP/2 works and the health call does not."
        proved by "The call's gRPC status, quoted."
        remedy "UNAVAILABLE: a proxy without a healthy backend. DEADLINE_EXCEEDED: the process accepts and does not answer.";

    GD504 HEALTH_WATCH_ENDED Info
        means "A health Watch that had reported a status was ended by the server or by a proxy on the path, while the connection stayed open. It is opened again with backoff, and the last status stands meanwhile. Other long-lived streams on this path end in the same way."
        proved by "The end of the Watch: its gRPC status or RST_STREAM code, and the time since its last message."
        remedy "Raise the stream timeout of the proxy on the path above the longest quiet period of a stream."
        see "https://github.com/kubernetes/ingress-nginx/issues/12434";

    GD505 HEALTH_WATCH_UNIMPLEMENTED Info
        means "The server implements grpc.health.v1 Check and not Watch. Clients with health checking (gRFC A17) take such an endpoint as serving, whatever Check answers. Its health comes from Check here, repeated while it is watched."
        proved by "Watch answered UNIMPLEMENTED, and Check answered a status."
        remedy "Implement Watch in the server's health service: the health package of every gRPC stack has it."
        see "https://github.com/grpc/grpc-java/issues/8385" "https://github.com/grpc/proposal/blob/master/A17-client-side-health-checking.md";

    GD506 HEALTH_BEHIND_AUTHENTICATION Warn
        means "The health call was refused for want of credentials. Something alive answered, and its health could not be judged: this is neither healthy nor unhealthy."
        proved by "UNAUTHENTICATED or PERMISSION_DENIED in answer to the health call, or HTTP 401 or 403."
        remedy "Give credentials with -H 'authorization: Bearer TOKEN' (or -H @FILE), or exempt grpc.health.v1.Health from authentication."
        see "https://github.com/argoproj/argo-cd/issues/26204";

    GD507 STOPPED_RESPONDING Critical
        means "The server had responded on this connection and no longer does, while the connection stays open. Its process is stopped, blocked or out of CPU, or packets to it are lost. An open health Watch does not show this, and neither do clients without keepalive: their calls wait for their deadline."
        proved by "The server's earlier responses on this connection, and a Health/Check on it that was not answered within --rpc-timeout. Where the kernel gives it, TCP_INFO shows whether the other host acknowledged the request."
        remedy "Look at the process: stopped (state T in ps), blocked (thread dump, goroutine dump), or out of CPU. A gRPC liveness probe restarts such a process."
        see "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md";

    GD508 NO_RESPONSE_YET Warn
        means "The watch ended while the endpoint still owed a response: to the connection attempt, or to a health call. It is neither healthy nor unhealthy."
        proved by "The stage that was waiting when the watch ended, and since when."
        remedy "Run `grpc-discover probe` on the endpoint: it waits for each stage up to its limit and names the cause. Or watch for longer (--for).";

    // Idle and staleness.
    GD601 ZOMBIE_ENDPOINT Critical
        means "The registry calls the endpoint healthy, and it is dead: clients are sent there and fail."
        proved by "The registry's status, and the failure to reach the address."
        remedy "If it is gone for good, deregister it; find out why the registry's check does not notice (no check, a TTL not yet over, or a check that runs beside the server)."
        see "https://github.com/hashicorp/consul/issues/1188";

    GD602 STALE_LISTING Warn
        means "One registry still lists an endpoint that has left the registry it was registered in."
        proved by "Both answers of this session."
        remedy "Wait one TTL and ask again; if it stays, the copy is not being refreshed.";

    GD603 MOVED_WHILE_IDLE Warn
        means "Endpoints left the registry while the channel was idle. A client whose discovery stops when it goes idle (Kratos 2.5.4 to 2.7.2, and others) comes back with the old address and fails until it is restarted."
        proved by "The registry's answers before and after the silence, and the old address, reached or not, afterwards."
        remedy "Restart clients that still dial the old address; upgrade their framework, or switch their idle timeout off until then."
        see "https://github.com/go-kratos/kratos/issues/3185" "https://github.com/go-kratos/kratos/issues/3402";

    GD604 CALL_AFTER_IDLE_FAILED Critical
        means "The first call after the silence failed."
        proved by "The call that left IDLE, with the stage it got to."
        remedy "See the finding on the address it was sent to.";

    GD605 BASELINE_FAILED Critical
        means "No call went through before the silence, so the idle cycle proves nothing."
        proved by "The baseline call, with the stage it got to."
        remedy "Mend reaching the service first: `grpc-discover probe` without --idle.";

    GD606 LEFT_BUT_ALIVE Info
        means "An address has left the registry and still answers: clients that hold it work for now, and will fail when it stops."
        proved by "The registry's answer without it, and a probe of it afterwards."
        remedy "Nothing, when it is draining; otherwise find out why it is no longer registered.";

    GD607 GHOST_ENDPOINT Info
        means "An entry that nobody has removed: the registry calls the instance critical, and nothing answers at its address. Clients that follow the registry's checks leave it out; those that do not are sent there."
        proved by "The registry's status with its check's own words, and the failure to reach the address. Since when it has been critical no registry says: only what this session saw is told."
        remedy "If it is gone for good, remove its registration, and have the registry do that by itself next time (a lease, or a check that deregisters)."
        see "https://github.com/hashicorp/consul/issues/1188" "https://github.com/hashicorp/consul/issues/10703" "https://github.com/hashicorp/nomad/issues/27923";

    GD608 CHECK_WRONG Warn
        means "The registry calls the instance critical and it serves: the check is wrong, asks the wrong place, or has not run since the instance came back. No client that follows the registry is sent there."
        proved by "The registry's status with its check's own words, and a connection to the address that serves."
        remedy "Wait one interval of the check and ask again; if it stays, run the check's own request by hand from the node that runs it.";

    GD609 CLIENTS_WOULD_BE_STALE Warn
        means "Clients of the frameworks named would hold other addresses now than the registry lists: they would dial what is gone, or not know what has come. It is a prediction: info, and a warning only for clients that --as named. A running client of another version or setting may differ; its own channelz tells."
        proved by "The model of the client (docs/lenses.md names its source, and which real clients it was held against), fed with this session's answers and calls; and a probe of the addresses it would still dial. In an idle cycle the client is taken to have been idle once before, as every client that has run for a while."
        remedy "Restart the clients that the finding names; upgrade their framework, or switch their idle timeout off until then."
        see "https://github.com/go-kratos/kratos/issues/3185" "https://github.com/grpc/grpc/issues/12295";

    GD610 IDLE_EXIT_TOO_SLOW Warn
        means "The first call after an idle period takes longer than its deadline: the registry, the connection, TLS and the server's SETTINGS are all waited for within it, so clients that call rarely fail almost every time."
        proved by "The call that left IDLE, stage by stage, and how long the registry took for its first answer, against --rpc-timeout."
        remedy "Give the first call a longer deadline or wait-for-ready, warm the channel up, or switch the idle timeout off where calls are rare."
        see "https://github.com/grpc/grpc-go/issues/8424";

    GD611 SILENT_CONNECTION_SWALLOWED Warn
        means "Somebody on the path forgets connections that are silent, and tells neither side: the connection looks established, and whatever is sent on it vanishes. A client that was as quiet sees its first call hang until its deadline, and the next ones until TCP gives up (about 15 minutes) or keepalive does."
        proved by "A connection that was held over the silence with not a byte on it, then an HTTP/2 PING that stayed unanswered for as long as an RPC may take; a new connection to the same endpoint works. What TCP knows tells a path that forgot (nothing is acknowledged) from a proxy that lost its other side, or a frozen process (the ping was acknowledged)."
        remedy "Find the limit with `grpc-discover probe --idle TIME --find-cutoff TIME`; then keep silences below it: client keepalive, which the server must permit, or a shorter idle timeout."
        see "https://github.com/grpc/grpc-go/issues/2443" "https://github.com/grpc/grpc-java/issues/7851" "https://github.com/grpc/grpc-node/issues/2285" "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md";

    GD612 SILENT_CONNECTION_CUT Warn
        means "A connection that was silent was ended without GOAWAY: by a FIN or a reset in the silence, or by a reset in answer to the first word after it. gRPC servers announce the end of a connection, so this is a proxy or load balancer on the path, or a server that was restarted. A client notices an end in the silence and reconnects; one that comes with the first word costs that call."
        proved by "The end of a connection that was held in silence, with its time, and no GOAWAY before it. The same silence before the ends of connections to other addresses, or of connections that began at other times, shows a rule instead of a restart."
        remedy "Find the limit with `grpc-discover probe --idle TIME --find-cutoff TIME`, and keep silences below it: client keepalive, which the server must permit, or a shorter idle timeout. If it was a restart, ask again."
        see "https://github.com/grpc/grpc-java/issues/6497" "https://github.com/grpc/grpc-java/issues/9229" "https://github.com/argoproj/argo-cd/issues/217" "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md";

    GD613 PATH_CUTOFF Info
        means "How long a silence the path to the endpoint tolerates, as far as it was measured. A limit is ordinary (60s, 240s, 350s and 600s are those of well-known load balancers); clients that are silent for longer, as gRPC's 30 minutes of default idle timeout allow, lose their connections to it."
        proved by "Connections that were held for different silences (--idle-ladder, --find-cutoff): the longest one that was survived, and the shortest one that was not. An outcome that contradicts the others is told with it."
        remedy "Keepalive time at most half of the limit and never below 10s, with the server's permission (servers allow one ping in 5 minutes by default, and none without calls), or an idle timeout below the limit."
        see "https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md" "https://github.com/grpc/proposal/blob/master/A9-server-side-conn-mgt.md";

    GD614 IDLE_CONNECTION_ENDED Info
        means "A connection without a call on it was ended by the other side: by a server or proxy that limits how long a connection may be idle, or by a restart. Clients notice and reconnect with their next call."
        proved by "A GOAWAY, or the end, of the channel's own connection or of an idle-connection check, with the time since its last call. Each check makes one call before its idle period, as a client does: nginx and others count from the last call."
        remedy "Nothing, if that limit is meant. Otherwise let channels go idle sooner, or raise the limit at the server or proxy."
        see "https://github.com/grpc/grpc-java/issues/10533" "https://nginx.org/en/docs/http/ngx_http_core_module.html#keepalive_timeout";

    // Our own vantage point.
    GD901 NOTHING_REACHED_FROM_HERE Critical
        means "Every endpoint swallows packets. The first suspect is the place this runs at, not the service."
        proved by "Not one answer, not even a refusal, from any address."
        remedy "Run it where the clients run; check VPN, security groups and network policy of this machine.";

    GD902 PROXY_ENV Info
        means "The environment names a proxy. gRPC clients started here would dial through it, so they can fail where this tool succeeds, and the other way round: this tool connects directly."
        proved by "The variable, the exceptions beside it (NO_PROXY), and the addresses that were reached or not without the proxy. What the environment of the real clients holds cannot be seen from here."
        remedy "Put the endpoints' networks into NO_PROXY, or switch the proxy off in the client (grpc-go: WithNoProxy)."
        see "https://github.com/grpc/grpc-go/issues/8327" "https://github.com/grpc/grpc-go/issues/6846" "https://github.com/grpc/grpc/issues/9989";

    GD903 PROCESS_STALLED Info
        means "This process did not run for a while: it was stopped, starved of CPU time, or its machine slept. What timed out meanwhile proves nothing about anybody else, so it was repeated, or left out where it could not be."
        proved by "A heartbeat of 100 ms that came more than 250 ms late, and timeouts that ended meanwhile."
        remedy "Give this process more CPU time, or look at fewer endpoints at once (-c).";

    GD904 OUT_OF_LOCAL_RESOURCES Warn
        means "This machine ran out of something that every connection needs (open files, local ports, memory), so some endpoints were not tried. This proves nothing about them; a verdict that depends on them is unknown (exit 3)."
        proved by "The kernel's own error (EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS, ENOMEM), also when no other attempt was open any more."
        remedy "Raise the limit that the finding names, or probe fewer endpoints at a time (-c/--concurrency).";

    GD905 METADATA_WITHHELD Warn
        means "The endpoint speaks plaintext, and metadata was to be sent (-H, GRPC_DISCOVER_HEADER). With --tls auto the peer that answers first chooses the mode, so metadata is not sent in plaintext unless plaintext was asked for. No call was made: without its metadata the answer would be that of another client. Its health is unknown (exit 3 when nothing else is known)."
        proved by "The server's SETTINGS on a connection without TLS."
        remedy "If this server is meant to speak plaintext, add --plaintext: the metadata is then sent unencrypted. If it should speak TLS, find out what answers in its place: --tls on."
        see "https://grpc.io/docs/guides/auth/";
}

/// [`CLIENTS_WOULD_BE_STALE`] for clients that nobody named with `--as`: a prediction alone spoils no verdict.
pub static UNNAMED_CLIENTS_WOULD_BE_STALE: FindingKind =
    FindingKind { severity: Severity::Info, ..CLIENTS_WOULD_BE_STALE };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        let codes: Vec<_> = FINDINGS.iter().map(|kind| kind.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
        assert!(codes.iter().all(|code| code.len() == 5 && code.starts_with("GD")));
    }

    #[test]
    fn every_finding_says_what_it_means_how_it_is_proved_and_what_to_do() {
        for kind in FINDINGS {
            for text in [kind.meaning, kind.proof, kind.remedy] {
                assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", kind.code);
            }
        }
    }
}
