//! Every cause that can be proved from outside, set up with real sockets: one scenario each, with exactly the
//! findings that it must produce. docs/findings.md lists them.

mod authority;
mod clients;
mod discovery;
mod idle_checks;
mod lasting;
mod leased;
mod machine;
mod malformed;
mod many_endpoints;
mod names;
mod neighbours;
mod page;
mod proxied;
mod reaching;
mod registries;
mod rights;
mod scenario;
mod secured;
pub mod setup;
mod sliced;
mod stalled;
mod time_limits;
mod watched;

use std::collections::BTreeSet;

use grpc_discover::diagnosis::FINDINGS;
use scenario::{Needs, Reported, Scenario, hold};

/// One line for each scenario: the slice, and a test for each, so that they run in parallel and fail separately.
macro_rules! scenarios {
    ($($room:ident::$name:ident: [$($code:literal)*] exit $exit:literal $reported:ident, needs $needs:ident;)*) => {
        /// Every scenario.
        pub const SCENARIOS: &[Scenario] = &[$(Scenario {
            name: stringify!($name),
            findings: &[$($code),*],
            exit: $exit,
            reported: Reported::$reported,
            needs: Needs::$needs,
            set_up: $room::$name,
        }),*];

        mod scenarios {
            $(
                #[test]
                fn $name() {
                    super::play(stringify!($name));
                }
            )*
        }
    };
}

scenarios! {
    // Registries.
    discovery::dns_server_unresponsive: ["GD101"] exit 3 Late, needs Nothing;
    discovery::dns_server_fails: ["GD101"] exit 3 AtOnce, needs Nothing;
    discovery::agent_down: ["GD101"] exit 3 AtOnce, needs ConsulBackend;
    discovery::no_instance_registered: ["GD102"] exit 2 AtOnce, needs Nothing;
    discovery::empty_file: ["GD102"] exit 2 AtOnce, needs Nothing;
    discovery::registries_disagree: ["GD103"] exit 1 AtOnce, needs Nothing;
    discovery::blind_token: ["GD104"] exit 3 AtOnce, needs ConsulServer;
    discovery::expected_and_missing: ["GD105"] exit 1 AtOnce, needs Nothing;
    discovery::watch_was_lost_for_a_while: ["GD106"] exit 0 Late, needs Nothing;
    discovery::agent_without_leader: ["GD107"] exit 1 AtOnce, needs ConsulBackend;
    discovery::none_usable: ["GD108" "GD607" "GD607"] exit 2 AtOnce, needs Nothing;
    discovery::more_than_allowed: ["GD109"] exit 0 AtOnce, needs Nothing;

    rights::registry_comes_back_empty: ["GD106" "GD131"] exit 0 Late, needs Nothing;
    rights::access_is_lost: ["GD140"] exit 1 Late, needs ConsulBackend;
    rights::results_are_hidden_from_a_watch: ["GD140"] exit 1 Late, needs ConsulBackend;
    rights::agent_that_contradicts_itself: ["GD141"] exit 1 Late, needs ConsulBackend;

    registries::no_instance_has_the_tag: ["GD110"] exit 2 AtOnce, needs ConsulBackend;
    registries::registered_for_http_only: ["GD110"] exit 2 AtOnce, needs ConsulBackend;
    registries::loopback_of_another_node: ["GD111"] exit 1 AtOnce, needs ConsulBackend;
    registries::one_address_under_two_ids: ["GD112"] exit 1 AtOnce, needs ConsulBackend;
    registries::virtual_ip_before_several: ["GD113"] exit 0 AtOnce, needs Nothing;
    registries::ipv6_that_leads_nowhere: ["GD114" "GD204"] exit 1 Late, needs Nothing;
    registries::agent_that_limits_us: ["GD115"] exit 3 AtOnce, needs ConsulBackend;
    registries::agents_that_disagree: ["GD116"] exit 1 AtOnce, needs ConsulBackend;

    registries::a_port_that_is_none_among_good_ones: ["GD132"] exit 1 AtOnce, needs ConsulBackend;
    registries::filtered_by_passing: ["GD132"] exit 1 AtOnce, needs ConsulBackend;
    registries::one_of_two_warns: ["GD133"] exit 1 AtOnce, needs ConsulBackend;
    registries::critical_in_a_resolve: ["GD133"] exit 1 AtOnce, needs ConsulBackend;
    registries::the_only_one_warns: ["GD134"] exit 1 AtOnce, needs ConsulBackend;
    registries::one_of_two_in_maintenance: ["GD135"] exit 1 AtOnce, needs ConsulBackend;
    registries::node_in_maintenance: ["GD108" "GD135"] exit 2 AtOnce, needs ConsulBackend;
    registries::behind_a_mesh_proxy: ["GD136"] exit 3 AtOnce, needs ConsulBackend;
    registries::mesh_native_and_closed: ["GD136"] exit 0 AtOnce, needs ConsulBackend;
    registries::dead_registry_of_the_environment: ["GD137"] exit 0 AtOnce, needs ConsulBackend;
    registries::dead_registry_that_was_named: ["GD101"] exit 1 AtOnce, needs ConsulBackend;
    registries::no_agent_on_this_machine: [] exit 0 AtOnce, needs ConsulBackend;
    registries::some_without_the_tag: ["GD138"] exit 0 AtOnce, needs ConsulBackend;
    registries::nothing_that_can_be_read: ["GD139"] exit 3 AtOnce, needs ConsulBackend;
    registries::other_spelling_and_datacenter: ["GD102"] exit 2 AtOnce, needs ConsulBackend;
    registries::host_name_that_leads_nowhere_beside_an_address: ["GD207"] exit 2 AtOnce, needs EurekaBackend;
    registries::starting_in_eureka: ["GD134"] exit 1 AtOnce, needs EurekaBackend;
    registries::out_of_service_in_eureka: ["GD108" "GD135"] exit 2 AtOnce, needs EurekaBackend;
    registries::other_application_in_eureka: ["GD102"] exit 2 AtOnce, needs EurekaBackend;

    leased::value_of_another_layout: ["GD110"] exit 2 AtOnce, needs EtcdServer;
    leased::under_another_prefix: ["GD102"] exit 2 AtOnce, needs EtcdServer;
    leased::one_bad_value: ["GD132"] exit 1 AtOnce, needs EtcdServer;
    leased::bad_value_of_another_service: ["GD132"] exit 1 AtOnce, needs EtcdServer;
    leased::only_bad_values: ["GD139"] exit 3 AtOnce, needs EtcdServer;
    leased::key_without_lease: ["GD117"] exit 1 AtOnce, needs EtcdServer;
    leased::lease_not_renewed: ["GD118"] exit 1 AtOnce, needs EtcdServer;
    leased::lease_of_an_hour: ["GD119"] exit 0 AtOnce, needs EtcdServer;
    leased::one_address_under_two_keys: ["GD112"] exit 1 AtOnce, needs EtcdServer;
    leased::registered_in_etcd_for_http_only: ["GD110"] exit 2 AtOnce, needs EtcdServer;

    sliced::terminating_and_still_in_dns: ["GD103" "GD120"] exit 1 AtOnce, needs KubernetesServer;
    sliced::terminating_and_still_called_ready: ["GD120"] exit 1 AtOnce, needs KubernetesServer;
    sliced::slice_without_owner: ["GD121" "GD122"] exit 1 AtOnce, needs KubernetesServer;
    sliced::dual_stack_pod: [] exit 0 AtOnce, needs KubernetesServer;
    sliced::selector_that_matches_no_pod: ["GD102"] exit 2 AtOnce, needs KubernetesServer;
    sliced::service_of_another_namespace: ["GD102"] exit 2 AtOnce, needs KubernetesServer;
    sliced::port_name_that_is_not_there: ["GD110"] exit 2 AtOnce, needs KubernetesServer;
    sliced::alias_of_another_name: ["GD102"] exit 2 AtOnce, needs KubernetesServer;
    sliced::three_slices: ["GD122"] exit 0 AtOnce, needs KubernetesServer;
    sliced::legacy_endpoints_that_differ: ["GD123"] exit 1 AtOnce, needs KubernetesServer;
    sliced::dns_of_a_headless_service_that_lags: ["GD103" "GD602"] exit 1 AtOnce, needs KubernetesServer;
    sliced::cluster_ip_before_several: ["GD113"] exit 0 AtOnce, needs KubernetesServer;
    sliced::http_api_server: ["GD145"] exit 0 AtOnce, needs KubernetesServer;

    // DNS answers.
    names::answer_cut_without_saying_so: ["GD124"] exit 1 AtOnce, needs Nothing;
    names::srv_record_without_port: ["GD125"] exit 1 AtOnce, needs Nothing;
    names::srv_records_of_which_none_can_be_used: ["GD102" "GD125"] exit 2 AtOnce, needs Nothing;
    names::aaaa_is_nxdomain: ["GD126"] exit 1 AtOnce, needs Nothing;
    names::aaaa_is_never_answered: ["GD126"] exit 1 Late, needs Nothing;
    names::search_list_before_the_name: ["GD127"] exit 1 AtOnce, needs Root;
    names::service_config_that_does_not_parse: ["GD128"] exit 1 AtOnce, needs Nothing;
    names::localhost_over_ipv4_only: ["GD129"] exit 0 AtOnce, needs Nothing;
    names::dns_server_without_edns: ["GD130"] exit 0 AtOnce, needs Nothing;
    names::part_of_the_addresses_in_each_answer: ["GD150"] exit 1 Late, needs Nothing;
    names::cut_answer_without_tcp: ["GD101"] exit 3 AtOnce, needs Nothing;
    names::alias_of_a_name_that_is_gone: ["GD102"] exit 2 AtOnce, needs Nothing;

    // Reaching an address.
    reaching::refused: ["GD201"] exit 2 AtOnce, needs Nothing;
    reaching::unreachable: ["GD202"] exit 2 AtOnce, needs Root;
    reaching::rejected_on_the_way: ["GD202"] exit 2 Late, needs Root;
    reaching::reset: ["GD203"] exit 2 AtOnce, needs Nothing;
    reaching::one_black_hole: ["GD204"] exit 1 Late, needs Nothing;
    reaching::closed_before_settings: ["GD205"] exit 2 AtOnce, needs Nothing;
    reaching::unresponsive_port: ["GD206"] exit 2 Late, needs Nothing;
    reaching::host_name_without_address: ["GD207"] exit 2 AtOnce, needs Nothing;
    reaching::forbidden_here: ["GD208"] exit 3 AtOnce, needs Root;
    reaching::unix_socket_that_is_not_there: ["GD209"] exit 2 AtOnce, needs Nothing;
    machine::unix_socket_without_listener: ["GD209"] exit 2 AtOnce, needs Nothing;
    machine::regular_file_in_place_of_a_socket: ["GD209"] exit 2 AtOnce, needs Nothing;
    machine::directory_in_place_of_a_socket: ["GD209"] exit 2 AtOnce, needs Nothing;
    machine::abstract_socket_without_listener: ["GD209"] exit 2 AtOnce, needs Nothing;
    machine::unix_socket_that_does_not_accept: ["GD209"] exit 2 AtOnce, needs Nothing;

    // TLS.
    secured::expired: ["GD301"] exit 2 AtOnce, needs Nothing;
    secured::not_yet_valid: ["GD302"] exit 2 AtOnce, needs Nothing;
    secured::wrong_name: ["GD303"] exit 2 AtOnce, needs Nothing;
    secured::unknown_authority: ["GD304"] exit 2 AtOnce, needs Nothing;
    secured::client_certificate_missing: ["GD305"] exit 2 AtOnce, needs Nothing;
    secured::client_certificate_missing_tls12: ["GD305"] exit 2 AtOnce, needs Nothing;
    secured::no_alpn: ["GD306"] exit 2 AtOnce, needs Nothing;
    secured::other_alpn: ["GD306"] exit 2 AtOnce, needs Nothing;
    secured::tls_on_plaintext: ["GD307"] exit 2 AtOnce, needs Nothing;
    secured::handshake_unanswered: ["GD308"] exit 2 Late, needs Nothing;
    secured::handshake_refused: ["GD309"] exit 2 AtOnce, needs Nothing;
    secured::expires_soon: ["GD310"] exit 1 AtOnce, needs Nothing;
    secured::certificates_of_two_issuers: ["GD311"] exit 0 AtOnce, needs Nothing;
    secured::ed25519_certificate: ["GD312"] exit 1 AtOnce, needs Nothing;
    secured::rsa_key_of_1024_bits: ["GD312"] exit 1 AtOnce, needs Nothing;
    secured::key_usage_without_signatures: ["GD312"] exit 1 AtOnce, needs Nothing;
    secured::authority_as_server: ["GD312"] exit 1 AtOnce, needs Nothing;
    secured::certificate_for_clients_only: ["GD313"] exit 2 AtOnce, needs Nothing;
    secured::unknown_critical_extension: ["GD314"] exit 2 AtOnce, needs Nothing;
    secured::intermediate_not_sent: ["GD315"] exit 2 AtOnce, needs Nothing;
    secured::issuer_neither_sent_nor_trusted: ["GD304"] exit 2 AtOnce, needs Nothing;
    secured::authority_made_anew: ["GD304"] exit 2 AtOnce, needs Nothing;
    secured::no_alternative_name: ["GD303"] exit 2 AtOnce, needs Nothing;
    secured::client_certificate_of_another_issuer: ["GD305"] exit 2 AtOnce, needs Nothing;
    secured::client_certificate_expired: ["GD305"] exit 2 AtOnce, needs Nothing;
    secured::client_certificate_for_servers: ["GD305"] exit 2 AtOnce, needs Nothing;
    secured::tls_is_found_out: [] exit 0 AtOnce, needs Nothing;

    // HTTP/2 and gRPC.
    reaching::http1: ["GD401"] exit 2 AtOnce, needs Nothing;
    secured::plaintext_on_tls: ["GD402"] exit 2 AtOnce, needs Nothing;
    reaching::ssh_banner: ["GD403"] exit 2 AtOnce, needs Nothing;
    reaching::mail_banner: ["GD403"] exit 2 AtOnce, needs Nothing;
    reaching::goaway_first: ["GD404"] exit 2 AtOnce, needs Nothing;
    reaching::goaway_after_settings: ["GD404"] exit 2 AtOnce, needs Nothing;
    reaching::settings_then_close: ["GD414"] exit 2 AtOnce, needs Nothing;
    reaching::one_stream: ["GD410"] exit 0 AtOnce, needs Nothing;
    lasting::too_many_pings: ["GD411"] exit 3 Late, needs Nothing;
    lasting::rotated_by_age: ["GD412"] exit 3 Late, needs Nothing;
    lasting::flapping: ["GD413" "GD414"] exit 2 Late, needs Nothing;
    reaching::no_streams: ["GD405"] exit 2 AtOnce, needs Nothing;
    reaching::broken_frames: ["GD406"] exit 2 AtOnce, needs Nothing;
    malformed::ping_of_seven_bytes: ["GD406"] exit 2 AtOnce, needs Nothing;
    malformed::status_of_proxy_pass: ["GD406"] exit 2 AtOnce, needs Nothing;
    malformed::response_without_grpc_status: ["GD415"] exit 2 AtOnce, needs Nothing;
    malformed::headers_larger_than_settings: ["GD416"] exit 2 AtOnce, needs Nothing;
    malformed::content_type_of_json: ["GD417"] exit 1 AtOnce, needs Nothing;
    malformed::goaway_beside_the_answer: ["GD418"] exit 0 AtOnce, needs Nothing;
    malformed::goaway_while_the_call_is_pending: ["GD404"] exit 2 Late, needs Nothing;
    malformed::flood_of_continuations: ["GD419"] exit 3 AtOnce, needs Nothing;
    malformed::flood_of_pings: ["GD421"] exit 2 AtOnce, needs Nothing;
    malformed::streams_forbidden_later: ["GD405"] exit 1 AtOnce, needs Nothing;
    malformed::window_that_stays_shut: ["GD503"] exit 2 Late, needs Nothing;

    proxied::serving_through_a_proxy: ["GD420"] exit 0 AtOnce, needs Nothing;
    proxied::gateway_without_a_server: ["GD407"] exit 2 AtOnce, needs Nothing;
    proxied::gateway_without_a_name: ["GD407"] exit 2 AtOnce, needs Nothing;
    proxied::envoy_without_a_route: ["GD407"] exit 2 AtOnce, needs Nothing;
    proxied::client_certificate_over_http: ["GD305"] exit 2 AtOnce, needs Nothing;
    proxied::redirected: ["GD408"] exit 2 AtOnce, needs Nothing;
    proxied::preface_refused: ["GD404"] exit 2 AtOnce, needs Nothing;

    // Health.
    reaching::not_serving: ["GD501"] exit 2 AtOnce, needs Nothing;
    reaching::unknown_to_its_health_service: ["GD502"] exit 2 AtOnce, needs Nothing;
    reaching::health_call_refused: ["GD506"] exit 3 AtOnce, needs Nothing;
    reaching::proxy_without_backend: ["GD407"] exit 2 AtOnce, needs Nothing;
    reaching::web_server_over_http2: ["GD408"] exit 2 AtOnce, needs Nothing;
    reaching::stream_reset: ["GD409"] exit 2 AtOnce, needs Nothing;
    reaching::health_call_unanswered: ["GD503"] exit 2 Late, needs Nothing;
    reaching::no_health_service: [] exit 0 AtOnce, needs Nothing;
    watched::watch_cut_on_the_path: ["GD504"] exit 0 Late, needs Nothing;
    watched::check_without_watch: ["GD501" "GD505"] exit 2 Late, needs Nothing;
    watched::frozen_behind_an_open_watch: ["GD507"] exit 2 Late, needs Nothing;
    watched::packets_lost_on_an_open_connection: ["GD507"] exit 2 Late, needs Root;
    watched::one_that_owes_its_settings: ["GD508"] exit 1 Late, needs Nothing;
    watched::health_behind_authentication: ["GD506"] exit 3 Late, needs Nothing;

    // Idle and staleness.
    discovery::passing_and_dead: ["GD601"] exit 1 AtOnce, needs Nothing;
    discovery::draining: [] exit 0 AtOnce, needs Nothing;
    discovery::stale_copy: ["GD103" "GD602"] exit 1 AtOnce, needs Nothing;
    discovery::moved_while_idle: ["GD603" "GD606" "GD609"] exit 1 Late, needs Nothing;
    discovery::call_after_idle_fails: ["GD201" "GD603" "GD604" "GD606" "GD609"] exit 2 Late, needs Nothing;
    discovery::idle_exit_too_slow: ["GD610"] exit 1 Late, needs Nothing;
    discovery::no_call_before_the_silence: ["GD201" "GD605"] exit 2 Late, needs Nothing;

    registries::critical_and_dead: ["GD607"] exit 0 AtOnce, needs ConsulBackend;
    registries::critical_and_serving: ["GD608"] exit 1 AtOnce, needs Nothing;

    idle_checks::dropped_by_a_proxy: ["GD611"] exit 1 Late, needs Nothing;
    idle_checks::dropped_by_a_firewall: ["GD611"] exit 1 Late, needs Root;
    idle_checks::cut_by_proxies: ["GD612" "GD612"] exit 1 Late, needs Nothing;
    idle_checks::state_lost_and_reset: ["GD612"] exit 1 Late, needs Nothing;
    idle_checks::limit_of_the_path: ["GD613"] exit 0 Late, needs Nothing;
    idle_checks::limit_above_the_ladder: ["GD613"] exit 0 Late, needs Nothing;
    idle_checks::dropped_and_measured: ["GD611" "GD613"] exit 1 Late, needs Nothing;

    proxied::idle_limit_with_goaway: ["GD420" "GD613" "GD614"] exit 0 Late, needs Nothing;

    // Running clients.
    clients::frozen_after_a_move: ["GD701"] exit 2 Late, needs Nothing;
    clients::frozen_without_the_new_instance: ["GD702"] exit 1 Late, needs Nothing;
    clients::wedged_after_idle: ["GD703"] exit 2 Late, needs Nothing;
    clients::list_kept_when_the_registry_is_empty: ["GD704"] exit 1 Late, needs Nothing;
    clients::removed_moments_ago: ["GD705"] exit 0 Late, needs Nothing;
    clients::scale_up_over_dns: ["GD706"] exit 1 Late, needs Nothing;
    clients::subset_by_design: ["GD707"] exit 0 Late, needs Nothing;
    clients::one_slice_of_three: ["GD708"] exit 1 Late, needs KubernetesServer;
    clients::addresses_of_another_service: ["GD709"] exit 1 Late, needs Nothing;
    clients::idle_client: ["GD710"] exit 0 Late, needs Nothing;
    clients::client_in_backoff: ["GD711"] exit 1 Late, needs Nothing;
    clients::connection_to_a_peer_that_is_gone: ["GD712"] exit 1 Late, needs Nothing;
    clients::certificate_in_use_expires: ["GD713"] exit 1 Late, needs Nothing;
    clients::endpoint_without_clients: ["GD714"] exit 1 Late, needs Nothing;
    clients::clients_on_a_draining_endpoint: ["GD715"] exit 1 Late, needs Nothing;
    clients::process_without_channelz: ["GD716"] exit 3 Late, needs Nothing;
    clients::pages_without_end: ["GD717"] exit 0 Late, needs Nothing;

    // The machine that the tool runs on.
    machine::more_endpoints_than_open_files: ["GD904"] exit 3 Late, needs Nothing;
    machine::metadata_and_a_plaintext_port: ["GD905"] exit 3 AtOnce, needs Nothing;
    stalled::stopped_for_a_while: ["GD206" "GD903"] exit 2 Late, needs Nothing;
    registries::proxy_in_the_environment: ["GD902"] exit 0 AtOnce, needs Nothing;
    reaching::every_endpoint_black_holes: ["GD204" "GD204" "GD204" "GD901"] exit 3 Late, needs Root;
    reaching::full_backlogs: ["GD204" "GD204" "GD901"] exit 3 Late, needs Nothing;
}

fn play(name: &str) {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name).unwrap();
    hold(scenario);
}

#[test]
fn every_finding_is_proved_by_a_scenario_and_every_scenario_by_findings_that_exist() {
    let proved: BTreeSet<&str> = SCENARIOS.iter().flat_map(|scenario| scenario.findings.iter().copied()).collect();
    let known: BTreeSet<&str> = FINDINGS.iter().map(|kind| kind.code).collect();
    assert_eq!(proved, known);
    let names: BTreeSet<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    assert_eq!(names.len(), SCENARIOS.len(), "two scenarios have one name");
}
