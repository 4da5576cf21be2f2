//! GD1xx: discovery.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD101 REGISTRY_NOT_QUERIED Warn
        means "A registry could not be queried, so what it lists is unknown. This never counts as \"no endpoint\"."
        proved by "The backend's own error: which server was queried, for what, and the response, if there was one."
        remedy "Check that the registry runs and is reachable (`grpc-discover backends`), then query again. What other backends reported stays valid."
        see "https://github.com/hashicorp/consul/issues/20790";

    GD102 NO_ENDPOINTS Critical
        means "The registry was queried twice and reported both times that the service has no endpoint."
        proved by "Two complete responses in a row without an endpoint, and no sign that the registry hides results."
        remedy "Check the name under which the instances register, then whether they registered at all.";

    GD103 BACKENDS_DISAGREE Warn
        means "Two registries list different endpoints for the same service, so their clients call different sets of endpoints."
        proved by "The two responses of this session, side by side."
        remedy "Find out which one lags: watch both with `grpc-discover resolve --watch`. For DNS compare the TTL with the lag.";

    GD104 REGISTRY_HIDES_RESULTS Critical
        means "The registry responded and reported that it left out what this token may not read. An empty list proves nothing with such a token."
        proved by "Consul's X-Consul-Results-Filtered-By-ACLs, or an empty list for an anonymous caller under a default-deny policy."
        remedy "Use a token with service:read and node:read for this service (CONSUL_HTTP_TOKEN or --token-file)."
        see "https://github.com/hashicorp/consul/issues/3069";

    GD105 EXPECTED_ENDPOINT_MISSING Critical
        means "An address that --expect names is listed by no registry."
        proved by "The complete responses of every backend in this session."
        remedy "Check whether that instance registered, and under which name and address.";

    GD106 DISCOVERY_GAP Info
        means "The watch on a registry was lost for a while and recovered by itself. No endpoint was treated as removed meanwhile."
        proved by "The backend's error at the start of the gap, and its first complete response after it."
        remedy "Nothing to do now. If it repeats, check the registry and the network between it and its clients: clients that do not restart their watch stopped following it at that moment.";

    GD107 REGISTRY_MAY_BE_OLD Warn
        means "The registry responded without a leader, or from a server that lags behind the leader: the list may be old."
        proved by "Consul's X-Consul-KnownLeader and X-Consul-LastContact."
        remedy "Check the registry's cluster (`consul operator raft list-peers`), then query again.";

    GD108 NONE_USABLE Critical
        means "Endpoints are registered, and the registry reports none of them as usable: a client that follows it has no endpoint to call."
        proved by "The registry's own status for each of them, with the checks behind it."
        remedy "Look at the failing checks that the finding names.";

    GD109 TOO_MANY_ENDPOINTS Info
        means "More endpoints are listed than --max-endpoints allows, so only some were probed."
        proved by "The number of distinct addresses listed."
        remedy "Raise --max-endpoints to probe them all.";

    GD110 FILTERED_TO_NOTHING Critical
        means "Instances are registered, and none of them passes the filters: a tag, passing checks, or an endpoint for gRPC (a framework that registered HTTP only)."
        proved by "The registry's unfiltered list of this session, counted after each step: registered, with a grpc endpoint, passing, tagged."
        remedy "Look at the step where the number falls to 0: query without the tag or without `healthy=true`, or register the gRPC endpoint beside the HTTP one."
        see "https://github.com/go-kratos/kratos/issues/3374" "https://github.com/go-kratos/kratos/issues/2641" "https://github.com/zeromicro/go-zero/issues/4568";

    GD111 ADDRESS_NOT_FOR_OTHERS Warn
        means "An instance registered an address that other hosts cannot use: 0.0.0.0, loopback, link-local, Docker's default bridge."
        proved by "The address itself; for loopback also the registry's own address of the node, which is elsewhere; for Docker's bridge also that it cannot be reached from here."
        remedy "Have the instance register the address that clients reach: set the advertised endpoint explicitly instead of letting the framework guess."
        see "https://github.com/go-kratos/kratos/issues/1686" "https://github.com/gliderlabs/registrator/issues/169" "https://github.com/zeromicro/go-zero/issues/4278";

    GD112 DUPLICATE_IDENTITY Warn
        means "Registrations conflict: one id at two addresses, two processes that overwrite each other's registration, or one address under two ids, which then counts twice. The same id on two nodes is normal and not reported."
        proved by "The registry's list in this session, or its changes: the same id on the same node at one address, at another one, and back again."
        remedy "Give every process an id of its own (host and port in it), and deregister the leftover entry."
        see "https://github.com/go-kratos/kratos/issues/329" "https://github.com/go-kratos/kratos/issues/3373";

    GD113 VIRTUAL_IP Info
        means "DNS returns one address. It is reachable and is none of the addresses that another registry lists, or it is the one in front of them (a Service's ClusterIP): a virtual IP or a load balancer. HTTP/2 keeps one connection, so a client that connects to it uses one endpoint at a time and does not notice new ones. It could also be an instance that serves without being registered."
        proved by "Both responses of this session, and that the one address was reached, or that Kubernetes names it as the Service's ClusterIP."
        remedy "For balancing per call use a headless service with round_robin, a proxy that supports HTTP/2, or MAX_CONNECTION_AGE at the server."
        see "https://github.com/grpc/grpc-node/issues/960" "https://github.com/connectrpc/connect-go/issues/782";

    GD114 IPV6_UNREACHABLE_FIRST Warn
        means "The name has IPv4 and IPv6 addresses, and no IPv6 address can be reached from here. Clients that try IPv6 first lose time on every connection; some of them fail."
        proved by "Every AAAA address was tried and failed in the network (unreachable, or no response to the SYN), and an A address was reached."
        remedy "Repair the IPv6 route or remove the AAAA records; meanwhile `-4` queries IPv4 only."
        see "https://github.com/grpc/grpc/issues/31466";

    GD115 REGISTRY_LIMIT Warn
        means "The registry rejects queries from this address: a limit on connections or on the rate of requests is reached. Clients on the same host are rejected too and keep the list they had."
        proved by "The registry's own response: HTTP 429, or an error that names the rate limit."
        remedy "Count the connections from this host to the registry (`ss -tn`); raise limits.http_max_conns_per_client (200 by default in Consul) or share one agent connection."
        see "https://github.com/hashicorp/consul/issues/7284";

    GD116 REGISTRY_STALE Warn
        means "Two agents of the same registry list different endpoints for the same service: one of them lags, is disconnected, or belongs to another cluster."
        proved by "Both responses of this session, with the index of each."
        remedy "Check the cluster of the agent that lags: `consul operator raft list-peers -http-addr=AGENT`, `consul members -http-addr=AGENT`; then query both again."
        see "https://github.com/hashicorp/consul/issues/20790";

    GD117 PERMANENT_ENTRY Warn
        means "Entries of the registry have no lease (ZooKeeper: they are not ephemeral). They were written by hand or by a program that does not renew them, and they stay when their process stops: clients keep using them until they are deleted."
        proved by "etcd reports no lease for the key, or ZooKeeper reports no session that owns the node."
        remedy "Register with a lease that the process keeps alive, as the frameworks' own registrars do; delete leftover entries: `etcdctl del KEY`, `zkCli.sh delete PATH`."
        see "https://github.com/etcd-io/etcd/issues/10821";

    GD118 LEASE_NOT_RENEWED Warn
        means "Less than a third of the lease of an entry is left. A process that keeps a lease alive renews it when a third or a half of it has passed, so the owner has crashed, hangs, or has lost its connection to the registry. It may still serve."
        proved by "The granted and the remaining time of the lease, as etcd reports them (LeaseTimeToLive)."
        remedy "Look at the process and at its connection to the registry. `etcdctl lease timetolive ID --keys` shows the lease; if an entry was removed although its process serves, the process must register again."
        see "https://github.com/zeromicro/go-zero/issues/4960" "https://github.com/etcd-io/etcd/issues/10821";

    GD119 LEASE_TOO_LONG Info
        means "The lease of an entry is more than ten times as long as its framework's default. When its process crashes, clients keep using the entry for all that time."
        proved by "The granted time of the lease, as etcd reports it, and the framework's default for the recognized layout."
        remedy "Lower the registration's TTL (Kratos: RegisterTTL; kitex: KITEX_ETCD_REGISTRY_LEASE_TTL; go-micro: RegisterTTL), and find out who wrote the entry.";

    GD120 TERMINATING_STILL_ROUTED Warn
        means "A pod is being deleted and is still listed for clients: by a copy that lags (DNS), or by the Service itself, which publishes pods that are not ready (publishNotReadyAddresses). When the pod closes its port first, calls to it fail."
        proved by "The conditions in its EndpointSlice, the other response of this session that still lists it or the ready condition beside it, and the response of the address if it was contacted."
        remedy "Keep serving until every client has noticed the change: a preStop sleep longer than the DNS TTL and the slowest client, then a graceful stop. Switch publishNotReadyAddresses off if it is not needed."
        see "https://github.com/kubernetes/kubernetes/issues/128479" "https://github.com/knative/serving/issues/13575";

    GD121 ENTRIES_WITHOUT_OWNER Warn
        means "EndpointSlices of the Service have no owner, although the Service has a selector or is gone. The controller that maintains the others does not change them, and nothing deletes them with the Service: their addresses stay listed, reachable or not."
        proved by "The owner references of the slices and the Service's selector, as the API server reports them."
        remedy "Find out who wrote them (`kubectl get endpointslice NAME -o yaml`: managedFields, the managed-by label) and delete leftover slices: `kubectl delete endpointslice NAME`."
        see "https://github.com/kubernetes/kubernetes/issues/127370" "https://github.com/kubernetes/kubernetes/issues/103804";

    GD122 SEVERAL_SLICES Info
        means "The endpoints of the Service are in several EndpointSlices (a controller fills one with 100). That is normal, but some clients (kuberesolver, go-zero's resolver) treat the slice that changed last as the whole list. Such a client has the endpoints of one slice only, and of another one after each change."
        proved by "The slice of every endpoint, as the API server reports it. `--as kuberesolver` shows what such a client would hold."
        remedy "Let such clients use the headless Service over DNS, or a resolver that joins all slices."
        see "https://github.com/sercand/kuberesolver/issues/66" "https://github.com/zeromicro/go-zero/issues/5659";

    GD123 LEGACY_LIST_DIFFERS Warn
        means "The legacy Endpoints of the Service list other ready addresses than its EndpointSlices. Clients that still read Endpoints (old resolvers and proxies) call other addresses."
        proved by "Both objects, read at the same time. They may differ for a moment, because two controllers write them."
        remedy "Query again after a few seconds. If they still differ, find out what writes the Endpoints (they are truncated above 1000 addresses), and move the clients to EndpointSlices."
        see "https://github.com/kubernetes/kubernetes/issues/110301" "https://github.com/sercand/kuberesolver/issues/54";

    GD124 DNS_ANSWER_TRUNCATED Warn
        means "A DNS server sends fewer records over UDP than over TCP and does not set the TC bit, which makes clients repeat the query over TCP (or it truncates its answer over TCP as well). Resolvers query over UDP, so clients use a part of the endpoints."
        proved by "The same query over UDP and over TCP: every record of the UDP answer is in the TCP answer, which has more."
        remedy "Make the server set the TC bit when it truncates an answer, or raise its limit; until then clients see a part of the endpoints."
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
        means "The search list of resolv.conf expanded the name, and the result resolves, while the name as given has other addresses. Clients on this host go elsewhere than clients without this search list; a wildcard record in the search domain is the usual cause."
        proved by "The addresses of both full names, queried from the same servers."
        remedy "End the name with a dot (`pay.example.`) in the client's target, lower ndots, or remove the wildcard record from the search domain."
        see "https://github.com/kubernetes/kubernetes/issues/49113";

    GD128 SERVICE_CONFIG_INVALID Warn
        means "The gRPC service config that DNS publishes (TXT record _grpc_config, gRFC A2) is not valid. grpc-go and grpc-js read it by default and fail every call until it is valid; grpc-java reads it when its system property enable_service_config is set; C-core and Python only when service config resolution is enabled."
        proved by "The text of the TXT record, checked by grpc-go's rules; the finding names the position of the error."
        remedy "Correct or delete the TXT record; in a grpc-go client `grpc.WithDisableServiceConfig()` ignores it."
        see "https://github.com/grpc/proposal/blob/master/A2-service-configs-in-dns.md" "https://github.com/grpc/grpc-go/issues/3207";

    GD129 LOOPBACK_ONE_FAMILY Info
        means "The name points to this machine (localhost, or a name with loopback addresses only), and the server listens on IPv4 or on IPv6 alone. Clients try both addresses and use the one that answers."
        proved by "One loopback address refused the connection and the other one accepted it."
        remedy "Nothing, unless clients name the other address: then let the server listen on both (`[::]:PORT`).";

    GD130 DNS_WITHOUT_EDNS Info
        means "The DNS server cannot handle EDNS: it answers FORMERR, NOTIMP or BADVERS to a query with an OPT record, or not at all. Resolvers that send EDNS by default (Go, systemd-resolved) query it a second time or fail; answers over 512 bytes need TCP."
        proved by "The same query with EDNS and without it."
        remedy "Upgrade the server, or the firewall in front of it that drops queries with EDNS."
        see "https://github.com/golang/go/issues/67925" "https://dnsflagday.net/2019/";

    GD131 REGISTRY_LOST_DATA Info
        means "The registry is back after a gap and lacks endpoints that it listed before, as after a restart without its data: instances register again one by one, when they renew. Missing endpoints do not count as removed for two to three renewal intervals (Eureka: 75 s; other registries that return an empty list: 10 s)."
        proved by "The list before the gap and the first list after it."
        remedy "Nothing, if the endpoints come back. Clients of this registry lost them meanwhile: run more than one replica of it, or a replica that keeps its data."
        see "https://github.com/Netflix/eureka/wiki/Understanding-Eureka-Peer-to-Peer-Communication";

    GD132 ENTRIES_LEFT_OUT Warn
        means "Some registered instances are left out: their entry cannot be read, has no gRPC endpoint or no valid port, or does not pass the filter of the target. Clients of their framework leave them out too, or lose the whole list over one of them (Kratos with etcd and ZooKeeper)."
        proved by "The entries of the registry, counted before and after each step, with the reason for each that was left out."
        remedy "Find out which program wrote the entries that the finding names, and delete or correct them."
        see "https://github.com/go-kratos/kratos/issues/2641";

    GD133 NOT_PASSING Warn
        means "Some instances are listed and do not pass: a check warns or fails, or they are not UP or not ready. Clients that take only passing instances leave them out, others (Consul's DNS, clients without that filter) use those that only warn."
        proved by "The registry's own status for each of them, with its check and the output of that check."
        remedy "Look at the check that the finding names and at its output; clients without the filter use the instance meanwhile."
        see "https://github.com/hashicorp/consul/issues/2452";

    GD134 NONE_PASSING Critical
        means "Instances are listed and none of them passes: a check warns, or they are not UP. Clients that take only passing instances find none, although others work."
        proved by "The registry's own status for each of them, with its check and the output of that check."
        remedy "Look at the check that the finding names and at its output: until it passes, clients that query passing instances have no endpoint."
        see "https://github.com/hashicorp/consul/issues/2452";

    GD135 IN_MAINTENANCE Warn
        means "The instance (or its node) was taken out of service on purpose, by an operator or by itself. Clients do not use it until that ends."
        proved by "Consul's maintenance check with its reason, or Eureka's status OUT_OF_SERVICE."
        remedy "When the work is done, end the maintenance mode."
        see "https://github.com/hashicorp/consul/issues/1257";

    GD136 MESH_ONLY Info
        means "The instance is part of a service mesh and its port accepts no other traffic. It cannot be checked from outside the mesh; its registration is correct."
        proved by "The mesh proxy that the registry lists for the instance, and the failure to reach the instance itself."
        remedy "Connect through a mesh proxy and probe that, or run from inside the mesh; leave the registration as it is.";

    GD137 IMPLIED_REGISTRY_NOT_QUERIED Info
        means "A registry that only the environment makes active did not respond, or hides results, and another one lists the service. This does not change the verdict."
        proved by "The backend's own error, and the response of the other registry."
        remedy "Name the registries that count with --backend or in the configuration file, or correct the variable: `grpc-discover backends`.";

    GD138 FILTERED_BY_TARGET Info
        means "Some registered instances do not have the tag that the target requires."
        proved by "The registry's unfiltered list of this session."
        remedy "Nothing, when the tag is meant to select some of the instances; otherwise query without it.";

    GD139 NO_READABLE_ENTRY Warn
        means "This tool cannot read some of the registered entries, and none of the others is usable. Clients of the framework that wrote the entries may be able to read them, so this does not count as \"no endpoint\"."
        proved by "The entries of the registry, with what is wrong with each."
        remedy "Find out which framework wrote the entries; if it is one of those in docs/backends.md, the entries are damaged: correct them.";

    GD140 ACCESS_LOST Warn
        means "The registry accepted these credentials earlier in this session and now rejects them or hides results from them. The last list is kept, no endpoint counts as removed, and changes are not noticed until access is restored."
        proved by "The list of this session, and the registry's later response (401, 403, permission denied) or its statement that results were left out."
        remedy "Restore the permissions, or use credentials that have them; a token or a certificate may have expired.";

    GD141 REGISTRY_CONTRADICTS_ITSELF Warn
        means "The registry returned an empty list several times, and a list with endpoints each time the empty list was to be confirmed. The empty list is ignored; clients that accept it lose every endpoint for a moment."
        proved by "The empty responses and the responses after them; the delay between such queries grows from 4 s to 60 s."
        remedy "Look for replicas of the registry that disagree, or for a proxy or cache in front of it; query each replica by itself and compare.";

    GD145 CREDENTIALS_NOT_SENT Info
        means "The API server is an http:// one, so no token, password or client certificate was sent to it and no credential plugin was run, as kubectl does. The response is the one for an anonymous caller."
        proved by "The server's URL in the kubeconfig, and the user beside it, which has credentials."
        remedy "Write https:// into the kubeconfig if the server uses TLS; for a local proxy (`kubectl proxy`), which adds credentials itself, this is correct."
        see "https://kubernetes.io/docs/tasks/extend-kubernetes/http-proxy-access-api/";

    GD150 DNS_ROTATES Warn
        means "Each answer of the DNS server contains a different part of the addresses. Clients that resolve again close connections to addresses that are missing from the new answer, although no endpoint was removed, and each client uses a part of the service only."
        proved by "Three or more answers of this session, each within 60 s of the one before, that replace addresses by as many others, and addresses that come back. An address that only such a DNS server left out counts as neither removed nor moved."
        remedy "Have the DNS server return all addresses: Consul limits UDP answers with dns_config udp_answer_limit and a_record_limit, Route 53 multivalue records return 8. Or query the registry itself.";
}
