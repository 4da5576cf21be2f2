//! GD1xx: discovery.

use crate::model::finding::{FindingKind, Severity};

findings! {
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
}
