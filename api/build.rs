//! Builds the Android app into the binary when `OTVET_ANDROID_APK` names its file.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-env-changed=OTVET_ANDROID_APK");
    println!("cargo::rerun-if-changed=build.rs");
    let code = match env::var("OTVET_ANDROID_APK") {
        Ok(path) if !path.is_empty() => {
            let path = fs::canonicalize(&path).unwrap_or_else(|e| panic!("OTVET_ANDROID_APK={path}: {e}"));
            println!("cargo::rerun-if-changed={}", path.display());
            format!("Some(include_bytes!({:?}))", path.display().to_string())
        }
        _ => "None".to_owned(),
    };
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("android_apk.rs"), code).expect("cargo's folder takes files");
}
