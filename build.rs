//! Brings the helpers along that `DEPLOY_HELPERS` names (`x86_64=PATH x86_64+net=PATH`, each a static `deploy-helper`; those with
//! `+net` are the larger ones, with the modules that speak HTTPS). Without it the
//! program serves as its own helper, so that no build ever waits for another one.
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-env-changed=DEPLOY_HELPERS");
    println!("cargo::rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let named = std::env::var("DEPLOY_HELPERS").unwrap_or_default();
    let rows: String = named.split_whitespace().map(|word| row(word, Path::new(&out))).collect();
    let table = format!("pub static HELPERS: &[(&str, bool, &str, &[u8])] = &[{rows}];\n");
    std::fs::write(Path::new(&out).join("helpers.rs"), table).expect("OUT_DIR can be written");
}

fn row(word: &str, out: &Path) -> String {
    let (architecture, path) =
        word.split_once('=').unwrap_or_else(|| panic!("DEPLOY_HELPERS: `{word}` is not ARCH=PATH"));
    let (machine, larger) = architecture.strip_suffix("+net").map_or((architecture, false), |machine| (machine, true));
    println!("cargo::rerun-if-changed={path}");
    let program = std::fs::read(path).unwrap_or_else(|error| panic!("DEPLOY_HELPERS: {path}: {error}"));
    let hash: String = Sha256::digest(&program).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&program).and_then(|()| encoder.try_finish()).expect("memory can be written");
    let packed = out.join(format!("helper-{architecture}.gz"));
    std::fs::write(&packed, encoder.finish().expect("memory can be written")).expect("OUT_DIR can be written");
    format!("({machine:?}, {larger}, {hash:?}, include_bytes!({packed:?})),")
}
