//! Network cards and wires, and what services on one server have in common.

use crate::{NEAR, Outcome, play, server};

/// Two applications behind a HAProxy whose own card is a thousand times as fast.
fn pair(servers: [&str; 2], requests: &str) -> String {
    let mut hardware = server("a", 1);
    if servers[0] != servers[1] {
        hardware += &server("b", 1);
    }
    format!(
        "{NEAR}{}{hardware}\n[service.lb]\nkind = \"haproxy\"\nservers = [\"l\"]\nroute = {{ x = \"one\", y = \"two\" }}\n\
         [service.one]\nkind = \"app\"\nservers = [\"{}\"]\n[service.two]\nkind = \"app\"\nservers = [\"{}\"]\n{requests}\n",
        server("l", 1).replace("1 MB/s", "1 GB/s"),
        servers[0],
        servers[1]
    )
}

fn both(servers: [&str; 2], requests: &str) -> Outcome {
    play(&pair(servers, requests), &[(0.0, "x"), (0.0, "y")])
}

#[test]
fn two_services_on_one_server_contend_for_its_cpu() {
    let cpu =
        "[request.x]\nlb.cpu = \"0 ms\"\none.cpu = \"10 ms\"\n[request.y]\nlb.cpu = \"0 ms\"\ntwo.cpu = \"10 ms\"\n";
    both(["a", "b"], cpu).assert_latencies(&[10.0, 10.0]);
    both(["a", "a"], cpu).assert_latencies(&[20.0, 20.0]);
}

#[test]
fn two_services_on_one_server_contend_for_its_card() {
    let bytes = "[request.x]\nlb.cpu = \"0 ms\"\nresponse = \"5 kB\"\none.cpu = \"0 ms\"\n\
                 [request.y]\nlb.cpu = \"0 ms\"\nresponse = \"5 kB\"\ntwo.cpu = \"0 ms\"\n";
    // and from HAProxy to the clients 5 us each, at once
    both(["a", "b"], bytes).assert_latencies(&[5.01, 5.01]);
    both(["a", "a"], bytes).assert_latencies(&[10.01, 10.01]);
}

#[test]
fn two_services_on_one_server_contend_for_its_disk_and_memory() {
    let text = |database: &str| {
        format!(
            "{NEAR}{}{}{}\n[service.web]\nkind = \"nginx\"\nservers = [\"a\"]\nworker_processes = 1\n\
             files = {{ total = \"16384 GiB\", popularity = \"uniform\" }}\nupstream = {{ service = \"app\", keepalive = 1 }}\n\
             [service.app]\nkind = \"app\"\nservers = [\"b\"]\ndatabase = {{ service = \"db\" }}\n\
             [service.db]\nkind = \"mysql\"\nprimary = \"{database}\"\nbuffer_pool_hit = 0.0\n\
             innodb_buffer_pool_size = \"16 GiB\"\n\
             [request.image]\nweb.cpu = \"0 ms\"\nweb.file = \"1 B\"\nresponse = \"0 B\"\n\
             [request.page]\nweb.cpu = \"0 ms\"\ndb.reads = {{ cpu = \"0 ms\", pages = 5 }}\n",
            server("a", 1).replace("16 GiB", "17179869185 B"),
            server("b", 1),
            server("c", 1)
        )
    };
    // the buffer pool leaves no page cache; the file is read behind the pages
    play(&text("a"), &[(0.0, "page"), (1.0, "image")]).assert_latencies(&[5.0, 5.0]);
    play(&text("c"), &[(0.0, "page"), (1.0, "page")]).assert_latencies(&[5.0, 9.0]);
}

/// An application alone, whose answers have these bytes.
fn answers(requests: &str) -> String {
    format!("{NEAR}{}\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\n{requests}\n", server("a", 4))
}

#[test]
fn a_small_answer_does_not_wait_behind_a_large_one() {
    let text = answers(
        "[request.large]\nresponse = \"100 kB\"\napp.cpu = \"0 ms\"\n[request.small]\nresponse = \"1 kB\"\napp.cpu = \"0 ms\"\n",
    );
    let outcome = play(&text, &[(0.0, "large"), (10.0, "small")]);
    outcome.assert_latencies(&[101.0, 2.0]);
    assert_eq!(outcome.busy_ms("a.nic_out"), 101.0);
}

#[test]
fn uploads_and_answers_use_their_own_directions() {
    let text = answers("[request.x]\nupload = \"10 kB\"\nresponse = \"20 kB\"\napp.cpu = \"1 ms\"\n");
    // the second's upload beside the first's answer, then both answers share: 9 ms are left of the first at 22
    let outcome = play(&text, &[(0.0, "x"), (11.0, "x")]);
    outcome.assert_latencies(&[40.0, 40.0]);
    assert_eq!((outcome.busy_ms("a.nic_in"), outcome.busy_ms("a.nic_out")), (20.0, 40.0));
}

#[test]
fn a_transfer_ends_when_both_cards_are_done() {
    let text = pair(
        ["a", "b"],
        "[request.x]\nlb.cpu = \"0 ms\"\nresponse = \"5 kB\"\none.cpu = \"0 ms\"\n[request.y]\nlb.cpu = \"0 ms\"\ntwo.cpu = \"0 ms\"\n",
    );
    // the receiver is slower, and then sends to the client at its own pace
    play(&text.replace("1 GB/s", "500 kB/s"), &[(0.0, "x")]).assert_latencies(&[20.0]);
    // the sender is slower
    play(&text.replace("1 GB/s", "5 MB/s"), &[(0.0, "x")]).assert_latencies(&[6.0]);
}

#[test]
fn only_between_servers_the_wire_takes_time() {
    let cpu =
        "[request.x]\nlb.cpu = \"0 ms\"\none.cpu = \"1 ms\"\n[request.y]\nlb.cpu = \"0 ms\"\ntwo.cpu = \"1 ms\"\n";
    let far = |servers| pair(servers, cpu).replace("delay = \"0 ms\"", "delay = \"3 ms\"");
    play(&far(["a", "b"]), &[(0.0, "x")]).assert_latencies(&[7.0]);
    play(&far(["l", "b"]).replace(&server("a", 1), ""), &[(0.0, "x"), (5.0, "y")]).assert_latencies(&[1.0, 7.0]);
}

#[test]
fn bytes_between_services_on_one_server_pass_no_card() {
    let bytes = "[request.x]\nlb.cpu = \"0 ms\"\nresponse = \"5 kB\"\none.cpu = \"0 ms\"\n[request.y]\nlb.cpu = \"0 ms\"\ntwo.cpu = \"0 ms\"\n";
    let text = pair(["l", "b"], bytes).replace(&server("a", 1), "").replace("1 GB/s", "1 MB/s");
    let outcome = play(&text, &[(0.0, "x")]);
    outcome.assert_latencies(&[5.0]);
    assert_eq!(outcome.busy_ms("l.nic_out"), 5.0);
}

#[test]
fn a_result_of_the_database_goes_over_both_cards() {
    let text = format!(
        "{NEAR}{}{}\n[service.app]\nkind = \"app\"\nservers = [\"a\"]\ndatabase = {{ service = \"db\" }}\n\
         [service.db]\nkind = \"mysql\"\nprimary = \"d\"\nbuffer_pool_hit = 1.0\n\
         [request.x]\ndb.reads = {{ count = 2, cpu = \"1 ms\", result = \"3 kB\" }}\n",
        server("a", 1),
        server("d", 1)
    );
    let outcome = play(&text, &[(0.0, "x")]);
    outcome.assert_latencies(&[8.0]);
    assert_eq!((outcome.busy_ms("a.nic_in"), outcome.busy_ms("d.nic_out")), (6.0, 6.0));
}
