//! `clients`: the real clients that `cargo test` lets talk to `serve`.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, Subcommand};

use super::console::{Console, Done, HELD, Stop};

/// Where the clients are described, from the project's root.
const DESCRIBED: &str = "tests/clients";
/// Where they are installed.
const INSTALLED: &str = "target/clients";
/// The last botocore whose model of the service is that of 2018-11-09, unchanged since the launch.
const SEED_BOTOCORE: &str = "botocore==1.12.146";

/// Installs the real clients that `cargo test` lets talk to `serve`: boto3 with the model of 2018-11-09 and with today's, the
/// AWS CLI, the SDKs for JavaScript and Rust.
///
/// Run it in the project's root. It needs Python 3 with a way to PyPI, Node.js with npm, and cargo; everything goes to
/// target/clients.
#[derive(Debug, Args)]
pub struct ClientsArgs {
    #[command(subcommand)]
    verb: ClientsVerb,
}

#[derive(Debug, Subcommand)]
enum ClientsVerb {
    /// Installs what is missing or has changed.
    Setup,
}

pub fn clients(args: &ClientsArgs, console: &mut Console<'_>) -> Done {
    let ClientsVerb::Setup = args.verb;
    let described = Path::new(DESCRIBED);
    if !described.join("boto.py").is_file() {
        return Err(Stop::misuse(DESCRIBED, "not here; run this in the root of the project's source"));
    }
    let installed = PathBuf::from(INSTALLED);
    python(console, &installed, "requirements.txt")?;
    python(console, &installed.join("cli"), "requirements-cli.txt")?;
    let model = installed.join("model/datasync/2018-11-09");
    if !model.join("service-2.json").is_file() {
        let wheel = installed.join("wheel");
        let wheel_text = wheel.display().to_string();
        let pip = installed.join("bin/pip");
        let download = [
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--dest",
            &wheel_text,
            SEED_BOTOCORE,
        ];
        run(console, Command::new(pip).args(download))?;
        let extract = described.join("model.py");
        run(
            console,
            Command::new(installed.join("bin/python")).arg(extract).args([&wheel, &installed.join("model")]),
        )?;
    }
    let js = installed.join("js");
    copy(&described.join("js"), &js, &["package.json", "package-lock.json"])?;
    run(console, Command::new("npm").args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(&js))?;
    let rust = described.join("rust/Cargo.toml");
    let target = installed.join("rust");
    let build = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(rust)
        .arg("--target-dir")
        .arg(target)
        .status();
    told(console, "cargo build", build)?;
    console.line(format_args!("the clients stand under {INSTALLED}; `cargo test` uses them from now on"))?;
    Ok(HELD)
}

/// A virtual environment with what a requirements file says.
fn python(console: &mut Console<'_>, at: &Path, requirements: &str) -> Result<(), Stop> {
    if !at.join("bin/pip").is_file() {
        run(console, Command::new("python3").args(["-m", "venv"]).arg(at))?;
    }
    let install = ["install", "--quiet", "--disable-pip-version-check", "-r"];
    run(console, Command::new(at.join("bin/pip")).args(install).arg(Path::new(DESCRIBED).join(requirements)))
}

fn copy(from: &Path, to: &Path, names: &[&str]) -> Result<(), Stop> {
    std::fs::create_dir_all(to).map_err(|error| Stop::misuse(to.display(), error))?;
    for name in names {
        std::fs::copy(from.join(name), to.join(name))
            .map_err(|error| Stop::misuse(from.join(name).display(), error))?;
    }
    Ok(())
}

fn run(console: &mut Console<'_>, command: &mut Command) -> Result<(), Stop> {
    let shown = format!("{command:?}").replace('"', "");
    let status = command.status();
    told(console, &shown, status)
}

fn told(
    console: &mut Console<'_>,
    what: &str,
    status: std::io::Result<std::process::ExitStatus>,
) -> Result<(), Stop> {
    console.note(format_args!("$ {what}"))?;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Stop::misuse(what, status)),
        Err(error) => Err(Stop::misuse(what, error)),
    }
}
