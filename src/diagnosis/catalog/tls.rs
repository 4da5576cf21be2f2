//! GD3xx: TLS.

use crate::model::finding::{FindingKind, Severity};

findings! {
    GD301 CERTIFICATE_EXPIRED Critical
        means "The server's certificate has expired: every client that verifies it rejects it."
        proved by "The dates of the certificate that the server presented."
        remedy "Renew the certificate, and make the server load it.";

    GD302 CERTIFICATE_NOT_YET_VALID Critical
        means "The server's certificate is not valid yet."
        proved by "The dates of the certificate against this machine's clock."
        remedy "Check the clocks of both machines, then the certificate's dates.";

    GD303 CERTIFICATE_WRONG_NAME Critical
        means "The server's certificate is valid for other names than the one that clients verify."
        proved by "The names in the certificate and the name that was verified."
        remedy "Add the name to the certificate, or set the name that clients verify (--servername here, authority in the client).";

    GD304 CERTIFICATE_NOT_TRUSTED Critical
        means "The server's certificate does not verify: its issuer is not trusted here, or the chain is broken."
        proved by "The verification of the chain that the server presented."
        remedy "Trust the right certificate authority (--cacert), or make the server send its intermediate certificates.";

    GD305 CLIENT_CERTIFICATE_REQUIRED Critical
        means "The server requires a client certificate and received none that it accepts."
        proved by "The server's TLS alert, which TLS 1.3 sends only after the handshake; or it requested a certificate and closed the connection after one that it cannot accept (none, another issuer, expired, another purpose)."
        remedy "Add --cert and --key.";

    GD306 NO_ALPN_H2 Critical
        means "TLS works and the server does not select HTTP/2: gRPC C-core and grpc-go since 1.67 reject it, some older clients do not."
        proved by "The handshake: the server selected no application protocol, or another one than h2."
        remedy "Switch on h2 (ALPN) at the TLS endpoint or the load balancer's listener."
        see "https://github.com/grpc/grpc-go/issues/434";

    GD307 TLS_ON_PLAINTEXT_PORT Critical
        means "TLS was requested and the server on this port does not support it."
        proved by "The first bytes of the response are not a TLS record."
        remedy "Use --plaintext (or --tls auto), or switch TLS on at the server.";

    GD308 TLS_HANDSHAKE_UNANSWERED Critical
        means "TCP connects, and the server does not respond to the TLS handshake."
        proved by "No byte after the ClientHello within the connect timeout."
        remedy "Check the process: it is frozen, or it waits for the client of another protocol.";

    GD309 TLS_FAILED Critical
        means "The TLS handshake failed."
        proved by "The alert or the error, quoted."
        remedy "Compare TLS versions and cipher suites of both sides.";

    GD310 CERTIFICATE_EXPIRES_SOON Warn
        means "The certificate that the server presents, or an issuer in its chain, expires soon; then every client that verifies it rejects the endpoint."
        proved by "The dates of the presented chain against this machine's clock; --warn-expiry sets the limit (default: 14 days; 0 for never)."
        remedy "Renew the certificate, and make every server load it: a renewed certificate that the process has not loaded looks like this.";

    GD311 CERTIFICATES_DIFFER Info
        means "The endpoints of one service present certificates that differ in names or issuer, so a client may accept one endpoint and reject another."
        proved by "The certificates presented in this session, side by side."
        remedy "Nothing, while a certificate is being rotated; otherwise compare them with -o json and install the same certificate on every endpoint.";

    GD312 CERTIFICATE_REJECTED_BY_SOME Warn
        means "The server's certificate, or an issuer of it, is rejected by some client stacks and accepted by others."
        proved by "The presented chain, compared with what grpc-go, C-core, grpc-java, grpc-js and rustls accept (tried with each)."
        remedy "Issue a new certificate with what every stack accepts: ECDSA P-256 or RSA of 2048 bits, SHA-256, a subject alternative name, serverAuth, digitalSignature."
        see "https://github.com/grpc/grpc/issues/24252" "https://github.com/rustls/rustls/issues/234";

    GD313 CERTIFICATE_WRONG_PURPOSE Critical
        means "The server's certificate, or an issuer of it, is not valid for server authentication: clients reject it."
        proved by "The extended key usage of the presented chain."
        remedy "Issue a new server certificate with serverAuth in its extended key usage."
        see "https://github.com/cert-manager/cert-manager/issues/2407";

    GD314 CERTIFICATE_UNUSABLE Critical
        means "Clients reject a certificate in the server's chain because of its key, signature, version or extensions. Another certificate authority would make no difference."
        proved by "The presented chain; the finding names the client stacks that accept it."
        remedy "Issue a new certificate, as the text describes.";

    GD315 INTERMEDIATE_MISSING Critical
        means "The server does not send the intermediate certificate that signed its own, so clients cannot verify the chain up to a trusted root."
        proved by "The presented chain, and what the certificate contains about its issuer: its name, and where to fetch its certificate."
        remedy "Make the server send its full chain: its own certificate, then the intermediate ones.";
}
