//! The project's own tools: `cargo xtask COMMAND`.

mod arguments;
mod bed;
mod bench;
mod console;
mod corpus;
mod demo;
mod fuzz;
mod hostile;
mod packages;
mod ring;
mod scenarios;
mod sim;
mod stack;
mod status;
mod test;
mod tidy;
mod timeline;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::arguments::Arguments;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo [--once] [SOFTWARE] [--nodes N]
                         three nodes on this machine, the tutorial, a failover to watch
  demo exec NODE COMMAND...
                         a command on a node of the running demo (or on \"client\")
  demo down              ends a running demo and removes what dead ones left
  test [--quick] [STAGE...]
                         everything that CI runs; --quick leaves out the clusters
  tidy                   only the house rules that compiler and clippy do not know
  bench [--stack both|cardea|debian] [--ring R] [--release] [--markdown] [--repeat N] [MEASURE...]
                         figures of our stack beside the C stack's
  bench scheduler [--peer FILE] [--limit SECONDS] [--release] [--binary FILE] [NAME...]
                         plans for large clusters and for the corpus, beside another crm_simulate
  corpus [--binary FILE] [--diff] [NAME [FILTER...]]
                         Pacemaker's regression corpora through our tools; counts may only rise
  made-up --peer FILE --seeds A..B [--binary FILE]
                         plans for made-up clusters beside those of another crm_simulate
  fuzz [--seconds N] [TARGET...]
                         made-up input for what reads the network, clients and files; needs nightly
  scenarios [SOFTWARE] [--list] [FILTER...]
                         only the process-level scenarios
  sim run --seeds A..B   the ring in virtual time; also sim record, sim replay, sim shrink

SOFTWARE is what the nodes run:
  --stack cardea|debian  what is above the ring
  --ring RING,...        the ring: cardea or corosync, for the nodes in turn
  --transport knet|udpu|udp
                         how the ring is carried
  --borrow TOOL,...      tools that are Debian's all the same
  --binary FILE          a multi-call binary that is there already, instead of building one
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if let Some(code) = netns::run_helper(&arguments) {
        return code;
    }
    let words = arguments.into_iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    match run(words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut words: Vec<String>) -> Result<()> {
    if words.is_empty() {
        bail!("{USAGE}");
    }
    if words.iter().take(2).any(|word| matches!(word.as_str(), "help" | "--help" | "-h")) {
        print!("{USAGE}");
        return Ok(());
    }
    let command = words.remove(0);
    if command == "demo" {
        return demo::command(words);
    }
    let arguments = Arguments::new(words);
    if let Some(outcome) =
        ring::helper(&command, &arguments).or_else(|| bench::helper(&command, &arguments))
    {
        return outcome;
    }
    match command.as_str() {
        "hostile-ipc" => hostile::local(&arguments.words()?),
        "hostile-cpg" => hostile::group(&arguments.words()?),
        "test" => test::command(arguments),
        "bench" => bench::command(arguments),
        "corpus" => corpus::command(arguments),
        "made-up" => corpus::made_up::command(arguments),
        "fuzz" => fuzz::command(arguments),
        "tidy" => tidy::command(arguments),
        "scenarios" => scenarios::command(arguments),
        "sim" => sim::command(arguments),
        other => bail!("unknown command {other:?}\n{USAGE}"),
    }
}
