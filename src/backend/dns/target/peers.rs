//! Facts: how gRPC's own clients interpret a target, and how we interpret it.
//!
//! grpc-go 1.85 (its parser and resolvers, run), grpc-java 1.7x (`ManagedChannelImpl`, `DnsNameResolver`,
//! `UdsNameResolver`, read, with java.net.URI run), C-core by grpcio 1.85 (its subchannels, run against a DNS server
//! that answers every name), grpc-js 1.14 (its resolvers, run). A target means `host:port`, with `via` the DNS server
//! that is queried, or a list of addresses; `-`: rejected, or never usable. Interface 1 is `lo`.

use super::DnsTarget;
use crate::backend::ip::IpTarget;
use crate::model::target::Target;

/// A target, its meaning for grpc-go, grpc-java, C-core and grpc-js, its meaning here, and the reason if that differs
/// from one of them.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("pay", "pay:443", "pay:443", "pay:443", "pay:443", "pay:443", ""),
    ("pay:50051", "pay:50051", "pay:50051", "pay:50051", "pay:50051", "pay:50051", ""),
    ("pay.example", "pay.example:443", "pay.example:443", "pay.example:443", "pay.example:443", "pay.example:443", ""),
    ("pay.example:50051", "pay.example:50051", "pay.example:50051", "pay.example:50051", "pay.example:50051", "pay.example:50051", ""),
    ("pay.example.", "pay.example.:443", "pay.example.:443", "pay.example.:443", "pay.example.:443", "pay.example.:443", ""),
    ("pay.example.:50051", "pay.example.:50051", "pay.example.:50051", "pay.example.:50051", "pay.example.:50051", "pay.example.:50051", ""),
    ("my_service", "my_service:443", "-", "my_service:443", "my_service:443", "my_service:443", ""),
    ("my_service:50051", "my_service:50051", "-", "my_service:50051", "my_service:50051", "my_service:50051", ""),
    ("_grpc._tcp.pay.example", "_grpc._tcp.pay.example:443", "-", "_grpc._tcp.pay.example:443", "_grpc._tcp.pay.example:443", "_grpc._tcp.pay.example:443", ""),
    ("pay-1:80", "pay-1:80", "pay-1:80", "pay-1:80", "pay-1:80", "pay-1:80", ""),
    ("PAY.Example:50051", "PAY.Example:50051", "PAY.Example:50051", "PAY.Example:50051", "PAY.Example:50051", "PAY.Example:50051", ""),
    ("bücher.example", "-", "-", "-", "bücher.example:443", "bücher.example:443", ""),
    ("bücher.example:50051", "-", "-", "-", "bücher.example:50051", "bücher.example:50051", ""),
    ("localhost", "localhost:443", "localhost:443", "localhost:443", "localhost:443", "localhost:443", ""),
    ("localhost:50051", "localhost:50051", "localhost:50051", "localhost:50051", "localhost:50051", "localhost:50051", ""),
    ("localhost:http", "localhost:80", "-", "localhost:80", "-", "localhost:80", ""),
    ("localhost:https", "localhost:443", "-", "localhost:443", "-", "localhost:443", ""),
    ("localhost:no-such-port", "-", "-", "-", "-", "-", ""),
    ("pay.example:http", "pay.example:80", "-", "pay.example:80", "-", "pay.example:80", ""),
    ("pay:grpc", "-", "-", "-", "-", "-", ""),
    (":50051", "localhost:50051", "-", "-", "-", "localhost:50051", ""),
    (":http", "localhost:80", "-", "-", "-", "localhost:80", ""),
    (":0", "localhost:0", "-", "-", "-", "-", "port 0 is not a valid port"),
    (":", "-", "-", "-", "-", "-", ""),
    ("pay:", "-", "pay:443", "pay:443", "-", "pay:443", ""),
    ("pay:0", "pay:0", "pay:0", "pay:0", "pay:0", "-", "port 0 is not a valid port"),
    ("pay:-1", "-", "-", "pay:65535", "-", "-", "C-core takes the number modulo 65536"),
    ("pay:65535", "pay:65535", "pay:65535", "pay:65535", "pay:65535", "pay:65535", ""),
    ("pay:65536", "-", "-", "pay:0", "-", "-", "C-core takes the number modulo 65536"),
    ("pay:99999", "-", "-", "pay:34463", "-", "-", "C-core takes the number modulo 65536"),
    ("pay:00080", "pay:80", "pay:80", "pay:80", "pay:80", "pay:80", ""),
    ("pay:+80", "pay:80", "-", "pay:80", "-", "pay:80", ""),
    ("pay:80x", "-", "-", "-", "-", "-", ""),
    ("pay: 80", "-", "-", "pay:80", "-", "-", "C-core reads the port with strtol"),
    (" pay:80", "-", "-", "-", "-", "-", ""),
    ("pay:80 ", "-", "-", "pay:80", "-", "-", "C-core reads the port with strtol"),
    ("10.0.0.7", "10.0.0.7:443", "10.0.0.7:443", "10.0.0.7:443", "10.0.0.7:443", "10.0.0.7:443", ""),
    ("10.0.0.7:80", "10.0.0.7:80", "10.0.0.7:80", "10.0.0.7:80", "10.0.0.7:80", "10.0.0.7:80", ""),
    ("10.0.0.7:", "-", "10.0.0.7:443", "10.0.0.7:443", "-", "10.0.0.7:443", ""),
    ("10.0.0.256:80", "-", "-", "10.0.0.256:80", "-", "-", "C-core takes it for a name"),
    ("0.0.0.0:80", "0.0.0.0:80", "0.0.0.0:80", "0.0.0.0:80", "0.0.0.0:80", "0.0.0.0:80", ""),
    ("::1", "[::1]:443", "-", "[::1]:443", "[::1]:443", "[::1]:443", ""),
    ("::", "[::]:443", "-", "[::]:443", "[::]:443", "[::]:443", ""),
    ("::1:80", "[::1:80]:443", "-", "[::1:80]:443", "[::1:80]:443", "[::1:80]:443", ""),
    ("2001:db8::1", "[2001:db8::1]:443", "-", "[2001:db8::1]:443", "[2001:db8::1]:443", "[2001:db8::1]:443", ""),
    ("2001:db8::1:80", "[2001:db8::1:80]:443", "-", "[2001:db8::1:80]:443", "[2001:db8::1:80]:443", "[2001:db8::1:80]:443", ""),
    ("2001:DB8::1", "[2001:db8::1]:443", "-", "[2001:db8::1]:443", "[2001:db8::1]:443", "[2001:db8::1]:443", ""),
    ("fe80::1%lo", "-", "-", "[fe80::1%1]:443", "[fe80::1%1]:443", "[fe80::1%1]:443", ""),
    ("[::1]", "[::1]:443", "[::1]:443", "[::1]:443", "[::1]:443", "[::1]:443", ""),
    ("[::1]:80", "[::1]:80", "[::1]:80", "[::1]:80", "[::1]:80", "[::1]:80", ""),
    ("[::1]:", "-", "[::1]:443", "[::1]:443", "-", "[::1]:443", ""),
    ("[::1]:http", "[::1]:80", "-", "[::1]:80", "-", "[::1]:80", ""),
    ("[::1]80", "-", "-", "-", "-", "-", ""),
    ("[::1", "-", "-", "-", "-", "-", ""),
    ("[::]:80", "[::]:80", "[::]:80", "[::]:80", "[::]:80", "[::]:80", ""),
    ("[2001:db8::1]:80", "[2001:db8::1]:80", "[2001:db8::1]:80", "[2001:db8::1]:80", "[2001:db8::1]:80", "[2001:db8::1]:80", ""),
    ("[2001:DB8::1]:80", "[2001:db8::1]:80", "[2001:db8::1]:80", "[2001:db8::1]:80", "[2001:db8::1]:80", "[2001:db8::1]:80", ""),
    ("[::ffff:10.0.0.7]:80", "[::ffff:10.0.0.7]:80", "[::ffff:10.0.0.7]:80", "10.0.0.7:80", "[::ffff:10.0.0.7]:80", "[::ffff:10.0.0.7]:80", ""),
    ("[fe80::1%lo]:80", "-", "[fe80::1%1]:80", "[fe80::1%1]:80", "[fe80::1%1]:80", "[fe80::1%1]:80", ""),
    ("[fe80::1%25lo]:80", "[fe80::1%1]:80", "-", "[fe80::1%1]:80", "-", "[fe80::1%1]:80", ""),
    ("[fe80::1%1]:80", "-", "[fe80::1%1]:80", "[fe80::1%1]:80", "[fe80::1%1]:80", "[fe80::1%1]:80", ""),
    ("[fe80::1%251]:80", "[fe80::1%1]:80", "[fe80::1%251]:80", "[fe80::1%1]:80", "-", "[fe80::1%1]:80", ""),
    ("[10.0.0.7]:80", "10.0.0.7:80", "-", "-", "-", "10.0.0.7:80", ""),
    ("[pay]:80", "pay:80", "-", "-", "-", "pay:80", ""),
    ("[]:80", "localhost:80", "-", "-", "-", "localhost:80", ""),
    ("pay:80:90", "-", "-", "-", "-", "-", ""),
    ("pay.example,pay2.example:80", "-", "-", "-", "-", "-", ""),
    ("10.0.0.7:80,10.0.0.8:80", "-", "-", "-", "-", "-", ""),
    ("http://pay.example:80", "-", "-", "-", "-", "-", ""),
    ("https://pay.example", "-", "-", "-", "-", "-", ""),
    ("https://pay.example:443", "-", "-", "-", "-", "-", ""),
    ("http://10.0.0.7:50051", "-", "-", "-", "-", "-", ""),
    ("grpc://pay.example:50051", "-", "-", "-", "-", "-", ""),
    ("grpcs://pay.example:50051", "-", "-", "-", "-", "-", ""),
    ("tcp://pay.example:50051", "-", "-", "-", "-", "-", ""),
    ("pay.example/api", "-", "pay.example:443", "pay.example/api:443", "-", "-", "grpc-java drops the path"),
    ("pay.example:50051/api", "-", "pay.example:50051", "-", "-", "-", "grpc-java drops the path"),
    ("pay.example:50051/", "-", "pay.example:50051", "-", "-", "pay.example:50051", ""),
    ("/pay.example:50051", "-", "-", "/pay.example:50051", "-", "-", "C-core makes the slash a part of the name"),
    ("//pay.example:50051", "-", "-", "pay.example:50051", "-", "-", "C-core makes the slash a part of the name"),
    ("pay?x=1", "pay:443", "pay:443", "pay:443", "-", "pay:443", ""),
    ("pay.example:50051?x=1", "pay.example:50051", "pay.example:50051", "pay.example:50051", "-", "pay.example:50051", ""),
    ("pay#x", "pay:443", "pay:443", "pay:443", "-", "pay:443", ""),
    ("user@pay.example:50051", "-", "pay.example:50051", "-", "-", "-", "a user does not belong into a target"),
    ("user:secret@pay.example:50051", "-", "pay.example:50051", "-", "-", "-", "a user does not belong into a target"),
    ("dns:pay", "pay:443", "-", "pay:443", "pay:443", "pay:443", ""),
    ("dns:pay.example", "pay.example:443", "-", "pay.example:443", "pay.example:443", "pay.example:443", ""),
    ("dns:pay.example:50051", "pay.example:50051", "-", "pay.example:50051", "pay.example:50051", "pay.example:50051", ""),
    ("dns:/pay.example:50051", "pay.example:50051", "pay.example:50051", "pay.example:50051", "-", "pay.example:50051", ""),
    ("dns://pay.example:50051", "-", "-", "-", "-", "-", ""),
    ("dns:///pay", "pay:443", "pay:443", "pay:443", "pay:443", "pay:443", ""),
    ("dns:///pay.example", "pay.example:443", "pay.example:443", "pay.example:443", "pay.example:443", "pay.example:443", ""),
    ("dns:///pay.example:50051", "pay.example:50051", "pay.example:50051", "pay.example:50051", "pay.example:50051", "pay.example:50051", ""),
    ("dns:///pay.example.:50051", "pay.example.:50051", "pay.example.:50051", "pay.example.:50051", "pay.example.:50051", "pay.example.:50051", ""),
    ("dns:///my_service:50051", "my_service:50051", "-", "my_service:50051", "my_service:50051", "my_service:50051", ""),
    ("dns:////pay.example:50051", "-", "-", "/pay.example:50051", "-", "-", "C-core makes the slash a part of the name"),
    ("dns:///pay.example:50051/", "-", "pay.example:50051", "-", "-", "pay.example:50051", ""),
    ("dns:///pay.example/api", "-", "pay.example:443", "pay.example/api:443", "-", "-", "grpc-java drops the path"),
    ("dns:///:80", "localhost:80", "-", "-", "-", "localhost:80", ""),
    ("dns:///:", "-", "-", "-", "-", "-", ""),
    ("dns:///", "-", "-", "-", "-", "-", ""),
    ("dns:", "-", "dns:443", "-", "-", "-", "grpc-java takes the scheme for a host"),
    ("dns:///localhost", "localhost:443", "localhost:443", "localhost:443", "localhost:443", "localhost:443", ""),
    ("dns:///localhost:http", "localhost:80", "-", "localhost:80", "-", "localhost:80", ""),
    ("dns:///10.0.0.7", "10.0.0.7:443", "10.0.0.7:443", "10.0.0.7:443", "10.0.0.7:443", "10.0.0.7:443", ""),
    ("dns:///10.0.0.7:80", "10.0.0.7:80", "10.0.0.7:80", "10.0.0.7:80", "10.0.0.7:80", "10.0.0.7:80", ""),
    ("dns:///::1", "[::1]:443", "-", "[::1]:443", "[::1]:443", "[::1]:443", ""),
    ("dns:///2001:db8::1", "[2001:db8::1]:443", "-", "[2001:db8::1]:443", "[2001:db8::1]:443", "[2001:db8::1]:443", ""),
    ("dns:///[::1]", "[::1]:443", "-", "[::1]:443", "[::1]:443", "[::1]:443", ""),
    ("dns:///[::1]:80", "[::1]:80", "-", "[::1]:80", "[::1]:80", "[::1]:80", ""),
    ("dns:///%5B::1%5D:80", "[::1]:80", "[::1]:80", "[::1]:80", "-", "[::1]:80", ""),
    ("dns:///[fe80::1%25lo]:80", "[fe80::1%1]:80", "-", "[fe80::1%1]:80", "-", "[fe80::1%1]:80", ""),
    ("dns:///[fe80::1%lo]:80", "-", "-", "[fe80::1%1]:80", "[fe80::1%1]:80", "[fe80::1%1]:80", ""),
    ("dns:///pay%2Eexample:50051", "pay.example:50051", "pay.example:50051", "pay.example:50051", "-", "pay.example:50051", ""),
    ("dns:///pay%2example:50051", "pay.xample:50051", "pay.xample:50051", "pay.xample:50051", "-", "pay.xample:50051", ""),
    ("dns:///pay%3A50051", "pay:50051", "pay:50051", "pay:50051", "-", "pay:50051", ""),
    ("dns:///pay%20example:50051", "-", "-", "-", "-", "-", ""),
    ("dns:///pay.example:http", "pay.example:80", "-", "pay.example:80", "-", "pay.example:80", ""),
    ("dns:///pay.example:", "-", "pay.example:443", "pay.example:443", "-", "pay.example:443", ""),
    ("dns:///pay.example:0", "pay.example:0", "pay.example:0", "pay.example:0", "pay.example:0", "-", "port 0 is not a valid port"),
    ("dns:///pay.example:65536", "-", "-", "pay.example:0", "-", "-", "C-core takes the number modulo 65536"),
    ("dns:///pay.example:50051?x=1", "pay.example:50051", "pay.example:50051", "pay.example:50051", "-", "pay.example:50051", ""),
    ("dns:///pay.example:50051#f", "pay.example:50051", "pay.example:50051", "pay.example:50051", "-", "pay.example:50051", ""),
    ("dns:///user@pay.example:50051", "-", "pay.example:50051", "-", "-", "-", "a user does not belong into a target"),
    ("dns://10.0.0.2/pay.example", "pay.example:443 via 10.0.0.2:53", "pay.example:443", "-", "pay.example:443 via 10.0.0.2:53", "pay.example:443 via 10.0.0.2:53", ""),
    ("dns://10.0.0.2/pay.example:50051", "pay.example:50051 via 10.0.0.2:53", "pay.example:50051", "-", "pay.example:50051 via 10.0.0.2:53", "pay.example:50051 via 10.0.0.2:53", ""),
    ("dns://10.0.0.2:5353/pay.example:50051", "pay.example:50051 via 10.0.0.2:5353", "pay.example:50051", "pay.example:50051 via 10.0.0.2:5353", "pay.example:50051 via 10.0.0.2:5353", "pay.example:50051 via 10.0.0.2:5353", ""),
    ("dns://10.0.0.2:53/", "-", "-", "-", "-", "-", ""),
    ("dns://10.0.0.2:/pay", "-", "pay:443", "-", "-", "pay:443 via 10.0.0.2:53", "an empty port is no port"),
    ("dns://:53/pay", "pay:443 via localhost:53", "pay:443", "-", "-", "pay:443 via localhost:53", ""),
    ("dns://[::1]/pay.example:50051", "pay.example:50051 via [::1]:53", "pay.example:50051", "-", "pay.example:50051 via [::1]:53", "pay.example:50051 via [::1]:53", ""),
    ("dns://[::1]:5353/pay.example:50051", "pay.example:50051 via [::1]:5353", "pay.example:50051", "pay.example:50051 via [::1]:5353", "pay.example:50051 via [::1]:5353", "pay.example:50051 via [::1]:5353", ""),
    ("dns://::1/pay.example:50051", "pay.example:50051 via [::1]:53", "pay.example:50051", "-", "pay.example:50051 via [::1]:53", "pay.example:50051 via [::1]:53", ""),
    ("dns://ns.example/pay.example:50051", "pay.example:50051 via ns.example:53", "pay.example:50051", "-", "-", "pay.example:50051 via ns.example:53", ""),
    ("dns://ns.example:5353/pay.example:50051", "pay.example:50051 via ns.example:5353", "pay.example:50051", "-", "-", "pay.example:50051 via ns.example:5353", ""),
    ("dns://user@10.0.0.2/pay.example:50051", "pay.example:50051 via 10.0.0.2:53", "pay.example:50051", "-", "-", "pay.example:50051 via 10.0.0.2:53", ""),
    ("dns://user:secret@10.0.0.2/pay.example:50051", "pay.example:50051 via 10.0.0.2:53", "pay.example:50051", "-", "-", "pay.example:50051 via 10.0.0.2:53", ""),
    ("DNS:///pay.example:50051", "pay.example:50051", "-", "pay.example:50051", "-", "pay.example:50051", ""),
    ("Dns:pay.example:50051", "pay.example:50051", "-", "pay.example:50051", "-", "pay.example:50051", ""),
    ("dns+x:///pay.example", "-", "-", "-", "-", "-", ""),
    ("ipv4:10.0.0.1", "-", "-", "-", "10.0.0.1:443", "10.0.0.1:443", ""),
    ("ipv4:10.0.0.1:80", "-", "-", "10.0.0.1:80", "10.0.0.1:80", "10.0.0.1:80", ""),
    ("ipv4:10.0.0.1:80,10.0.0.2:81", "-", "-", "10.0.0.1:80,10.0.0.2:81", "10.0.0.1:80,10.0.0.2:81", "10.0.0.1:80,10.0.0.2:81", ""),
    ("ipv4:10.0.0.1:80,10.0.0.2", "-", "-", "-", "10.0.0.1:80,10.0.0.2:443", "10.0.0.1:80,10.0.0.2:443", ""),
    ("ipv4:10.0.0.1:80,", "-", "-", "10.0.0.1:80", "-", "10.0.0.1:80", ""),
    ("ipv4:,", "-", "-", "-", "-", "-", ""),
    ("ipv4:", "-", "ipv4:443", "-", "-", "-", "grpc-java takes the scheme for a host"),
    ("ipv4:/10.0.0.1:80", "-", "-", "10.0.0.1:80", "-", "10.0.0.1:80", ""),
    ("ipv4:///10.0.0.1:80", "-", "-", "10.0.0.1:80", "10.0.0.1:80", "10.0.0.1:80", ""),
    ("ipv4:///10.0.0.1:80,10.0.0.2:80", "-", "-", "10.0.0.1:80,10.0.0.2:80", "10.0.0.1:80,10.0.0.2:80", "10.0.0.1:80,10.0.0.2:80", ""),
    ("ipv4://10.0.0.1:80", "-", "-", "-", "-", "-", ""),
    ("ipv4://x/10.0.0.1:80", "-", "-", "-", "10.0.0.1:80", "-", "grpc-js ignores the authority"),
    ("ipv4:10.0.0.1:http", "-", "-", "-", "-", "-", ""),
    ("ipv4:10.0.0.1:0", "-", "-", "10.0.0.1:0", "10.0.0.1:0", "-", "port 0 is not a valid port"),
    ("ipv4:10.0.0.1:65536", "-", "-", "-", "-", "-", ""),
    ("ipv4:10.0.0.1:", "-", "-", "-", "-", "-", ""),
    ("ipv4:pay:80", "-", "-", "-", "-", "-", ""),
    ("ipv4:10.0.0.1%3A80", "-", "-", "10.0.0.1:80", "-", "10.0.0.1:80", ""),
    ("ipv4:[::1]:80", "-", "-", "-", "-", "-", ""),
    ("IPV4:10.0.0.1:80", "-", "-", "10.0.0.1:80", "-", "10.0.0.1:80", ""),
    ("ipv4:010.0.0.1:80", "-", "-", "-", "-", "-", ""),
    ("ipv6:[::1]:80", "-", "-", "[::1]:80", "[::1]:80", "[::1]:80", ""),
    ("ipv6:[::1]", "-", "-", "-", "[::1]:443", "[::1]:443", ""),
    ("ipv6:::1", "-", "-", "-", "[::1]:443", "[::1]:443", ""),
    ("ipv6:2001:db8::1", "-", "-", "-", "[2001:db8::1]:443", "[2001:db8::1]:443", ""),
    ("ipv6:[::1]:80,[::2]:81", "-", "-", "[::1]:80,[::2]:81", "[::1]:80,[::2]:81", "[::1]:80,[::2]:81", ""),
    ("ipv6:///[::1]:80", "-", "-", "[::1]:80", "[::1]:80", "[::1]:80", ""),
    ("ipv6:%5B::1%5D:80", "-", "-", "[::1]:80", "-", "[::1]:80", ""),
    ("ipv6:[fe80::1%25lo]:80", "-", "-", "[fe80::1%1]:80", "-", "[fe80::1%1]:80", ""),
    ("ipv6:[fe80::1%251]:80", "-", "-", "[fe80::1%1]:80", "-", "[fe80::1%1]:80", ""),
    ("ipv6:[fe80::1%lo]:80", "-", "-", "[fe80::1%1]:80", "[fe80::1%1]:80", "[fe80::1%1]:80", ""),
    ("ipv6:[::1]:http", "-", "-", "-", "-", "[::1]:80", "service names are taken wherever a port is"),
    ("ipv6:10.0.0.1:80", "-", "-", "-", "-", "-", ""),
    ("ipv6:[::ffff:10.0.0.1]:80", "-", "-", "10.0.0.1:80", "[::ffff:10.0.0.1]:80", "[::ffff:10.0.0.1]:80", ""),
    ("IPV6:[::1]:80", "-", "-", "[::1]:80", "-", "[::1]:80", ""),
    ("ipv6:", "-", "ipv6:443", "-", "-", "-", "grpc-java takes the scheme for a host"),
    ("unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", ""),
    ("unix:///run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", ""),
    ("unix://run/pay.sock", "-", "-", "-", "unix:pay.sock", "-", "grpc-js takes the authority away from the path"),
    ("unix://localhost/run/pay.sock", "-", "-", "-", "unix:run/pay.sock", "-", "grpc-js takes the authority away from the path"),
    ("unix:run/pay.sock", "unix:run/pay.sock", "unix:run/pay.sock", "unix:run/pay.sock", "unix:run/pay.sock", "unix:run/pay.sock", ""),
    ("unix:./pay.sock", "unix:./pay.sock", "unix:./pay.sock", "unix:./pay.sock", "unix:./pay.sock", "unix:./pay.sock", ""),
    ("unix:../pay.sock", "unix:../pay.sock", "unix:../pay.sock", "unix:../pay.sock", "unix:../pay.sock", "unix:../pay.sock", ""),
    ("unix:/run/my%20pay.sock", "unix:/run/my pay.sock", "unix:/run/my pay.sock", "unix:/run/my pay.sock", "unix:/run/my%20pay.sock", "unix:/run/my pay.sock", ""),
    ("unix:/run/pay.sock?x=1", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock?x=1", "unix:/run/pay.sock", ""),
    ("unix:/run/pay.sock#x", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock", "unix:/run/pay.sock#x", "unix:/run/pay.sock", ""),
    ("unix:////run/pay.sock", "unix://run/pay.sock", "unix://run/pay.sock", "unix://run/pay.sock", "unix://run/pay.sock", "unix://run/pay.sock", ""),
    ("UNIX:/run/pay.sock", "unix:/run/pay.sock", "-", "unix:/run/pay.sock", "-", "unix:/run/pay.sock", ""),
    ("unix-abstract:pay", "unix-abstract:pay", "-", "unix-abstract:pay", "-", "unix-abstract:pay", ""),
    ("unix-abstract:/pay", "unix-abstract:/pay", "-", "unix-abstract:/pay", "-", "unix-abstract:/pay", ""),
    ("unix-abstract:///pay", "unix-abstract:/pay", "-", "unix-abstract:/pay", "-", "unix-abstract:/pay", ""),
    ("unix-abstract:////pay", "unix-abstract://pay", "-", "unix-abstract://pay", "-", "unix-abstract://pay", ""),
    ("unix-abstract://auth/pay", "-", "-", "-", "-", "-", ""),
    ("unix-abstract:", "-", "unix-abstract:443", "-", "-", "-", "grpc-java takes the scheme for a host"),
    ("unix-abstract:a%00b", "unix-abstract:a%00b", "-", "-", "-", "unix-abstract:a%00b", ""),
    ("UNIX-ABSTRACT:pay", "unix-abstract:pay", "-", "unix-abstract:pay", "-", "unix-abstract:pay", ""),
    ("passthrough:pay:80", "pay:80", "-", "-", "-", "pay:80", ""),
    ("passthrough:///pay:80", "pay:80", "-", "-", "-", "pay:80", ""),
    ("passthrough:///10.0.0.7:80", "10.0.0.7:80", "-", "-", "-", "10.0.0.7:80", ""),
    ("passthrough:///[::1]:80", "[::1]:80", "-", "-", "-", "[::1]:80", ""),
    ("passthrough:///pay", "-", "-", "-", "-", "-", ""),
    ("passthrough:///", "-", "-", "-", "-", "-", ""),
    ("passthrough:///:80", "localhost:80", "-", "-", "-", "localhost:80", ""),
    ("passthrough:///localhost:http", "localhost:80", "-", "-", "-", "localhost:80", ""),
    ("passthrough://auth/pay:80", "pay:80", "-", "-", "-", "pay:80", ""),
    ("PASSTHROUGH:///pay:80", "pay:80", "-", "-", "-", "pay:80", ""),
    ("passthrough:///unix:///run/pay.sock", "unix:/run/pay.sock", "-", "-", "-", "unix:/run/pay.sock", ""),
    ("xds:///pay", "-", "-", "-", "-", "-", ""),
    ("xds:pay", "-", "-", "-", "-", "-", ""),
    ("vsock:2:1234", "-", "-", "-", "-", "-", ""),
    ("foo:///pay.example:50051", "-", "-", "-", "-", "-", ""),
    ("foo:bar", "-", "-", "-", "-", "-", ""),
    ("foo:80", "foo:80", "foo:80", "foo:80", "foo:80", "foo:80", ""),
    ("consul:8500", "consul:8500", "consul:8500", "consul:8500", "consul:8500", "consul:8500", ""),
    ("etcd:2379", "etcd:2379", "etcd:2379", "etcd:2379", "etcd:2379", "etcd:2379", ""),
    ("unix-host:80", "unix-host:80", "unix-host:80", "unix-host:80", "unix-host:80", "unix-host:80", ""),
    ("ipv4:80", "ipv4:80", "ipv4:80", "-", "-", "-", "a scheme without an address"),
    ("ipv6:80", "ipv6:80", "ipv6:80", "-", "-", "-", "a scheme without an address"),
    ("dns-server:80", "dns-server:80", "dns-server:80", "dns-server:80", "dns-server:80", "dns-server:80", ""),
    ("a:b:c", "-", "-", "-", "-", "-", ""),
    ("", "-", "-", "-", "-", "-", ""),
    ("pay%2Eexample:80", "pay.example:80", "-", "pay.example:80", "-", "pay.example:80", ""),
    ("pay..example:80", "-", "-", "-", "-", "-", ""),
    (".pay:80", "-", "-", "-", "-", "-", ""),
    ("-pay:80", "-", "-", "-pay:80", "-pay:80", "-pay:80", ""),
    ("pay-:80", "-", "-", "pay-:80", "pay-:80", "pay-:80", ""),
    ("*.pay.example:80", "-", "-", "*.pay.example:80", "-", "-", "a name that only a wildcard record answers"),
    ("pay.example:50051,pay2.example:50051", "-", "-", "-", "-", "-", ""),
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example:80", "-", "-", "-", "-", "-", ""),
    ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example:80", "-", "-", "-", "-", "-", ""),
];

fn host_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The meaning of a target, in the notation of the table.
fn meaning(target: &Target) -> String {
    if let Target::Bare(name) = target {
        return host_port(name, 443);
    }
    if let Some(IpTarget(addresses)) = target.of() {
        return addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    }
    match target.of() {
        Some(DnsTarget::Host { server, host, port }) => {
            let via = server.as_ref().map(|server| {
                let has_port = server.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
                if has_port { format!(" via {server}") } else { format!(" via {server}:53") }
            });
            format!("{}{}", host_port(host, port.unwrap_or(443)), via.unwrap_or_default())
        }
        _ => target.to_string(),
    }
}

fn ours(text: &str) -> String {
    match text.parse::<Target>() {
        Ok(target) if target.unsupported(&["dns", "ip"]).is_some() => "-".to_string(),
        Ok(target) => meaning(&target).replace("%lo]", "%1]"),
        Err(_) => "-".to_string(),
    }
}

#[test]
fn a_target_means_what_grpcs_own_clients_make_of_it() {
    assert!(ROWS.len() >= 150);
    for (text, go, java, core, node, expected, why) in ROWS {
        let found = ours(text);
        assert_eq!(found, *expected, "{text}");
        let peers = [go, java, core, node];
        let agrees = match found.as_str() {
            "-" => peers.iter().all(|peer| **peer == "-"),
            meaning => peers.iter().any(|peer| **peer == meaning),
        };
        assert_eq!(agrees, why.is_empty(), "{text}: {found}, {peers:?}: {why:?}");
    }
}

#[test]
fn what_most_of_them_take_is_taken() {
    for (text, go, java, core, node, ..) in ROWS {
        let takers = [go, java, core, node].iter().filter(|peer| ***peer != "-").count();
        let zero = text.ends_with(":0");
        assert!(takers < 3 || zero || ours(text) != "-", "{text}");
    }
}
