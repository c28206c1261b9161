//! TLS over any stream, with the host's own certificates.
use super::{Ask, Url};
use crate::machine::{Machine, Stream};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, StreamOwned,
};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Where distributions keep the certificates that they trust.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

pub fn secured(machine: &dyn Machine, stream: Box<dyn Stream>, url: &Url, ask: &Ask) -> io::Result<Box<dyn Stream>> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().map_err(wrong)?;
    let builder = match ask.validate_certs {
        true => builder.with_root_certificates(roots(machine, ask)?),
        false => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider))),
    };
    let config = match &ask.client_cert {
        Some(cert) => {
            let key = ask.client_key.as_deref().unwrap_or(cert);
            let key = PrivateKeyDer::from_pem_slice(&machine.read(key)?).map_err(|error| bad(key, &error))?;
            builder.with_client_auth_cert(certificates(machine, cert)?, key).map_err(wrong)?
        }
        None => builder.with_no_client_auth(),
    };
    let name = ServerName::try_from(url.host.clone())
        .map_err(|_| io::Error::other(format!("no name for TLS: {}", url.host)))?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(wrong)?;
    Ok(Box::new(StreamOwned::new(connection, stream)))
}

fn wrong(error: Error) -> io::Error {
    io::Error::other(format!("TLS: {error}"))
}

fn bad(path: &Path, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

fn certificates(machine: &dyn Machine, path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let text = machine.read(path)?;
    CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|error| bad(path, &error))
}

fn roots(machine: &dyn Machine, ask: &Ask) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    // Whoever names an authority trusts that one alone.
    if let Some(path) = &ask.ca_path {
        store.add_parsable_certificates(certificates(machine, path)?);
        let nothing = || io::Error::other(format!("{}: no certificate", path.display()));
        return if store.is_empty() { Err(nothing()) } else { Ok(store) };
    }
    let own = machine.variable("SSL_CERT_FILE");
    let bundle = own
        .iter()
        .map(String::as_str)
        .chain(BUNDLES)
        .find(|path| machine.stat(Path::new(path), true).is_ok_and(|stat| stat.is_some()));
    if let Some(bundle) = bundle {
        store.add_parsable_certificates(certificates(machine, Path::new(bundle))?);
    }
    match store.is_empty() {
        false => Ok(store),
        true => Err(io::Error::other(
            "this host has no certificates to check servers by: install ca-certificates, or give ca_path, or validate_certs: no",
        )),
    }
}

/// For `validate_certs: no`: whoever answers will do, but what is signed must still be signed right.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Fake, Meta, Source};

    /// Two authorities that sign nothing but themselves.
    const ONE: &str = "-----BEGIN CERTIFICATE-----
MIIBcjCCARmgAwIBAgIUBR83YwNYdUDqScjh9qwpbFOLYGUwCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDb25lMCAXDTI2MTEyMTEzMTIyM1oYDzIxMjYxMDI4MTMxMjIz
WjAOMQwwCgYDVQQDDANvbmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASo11Qy
8o5E8jVkVHTRFEfFWA028zvg98FIC6NrDXKZ366wrZPsUoAZ4fSJpNk9Y0IqQx/V
74hB90+0ELf6msito1MwUTAdBgNVHQ4EFgQUH2y8Asv9x4y5veLpu914jxamcqYw
HwYDVR0jBBgwFoAUH2y8Asv9x4y5veLpu914jxamcqYwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNHADBEAiBrEGkzNXAt1vxLy1QjfU3Wf4FuFq6KZ0NfcbJQ
6pLCgAIgNDwLsd/f3V/dnwH/wfo3uhZkR3AGIb3tbil1TKhz+FU=
-----END CERTIFICATE-----\n";
    const OTHER: &str = "-----BEGIN CERTIFICATE-----
MIIBdDCCARmgAwIBAgIUPIS/O4ToHqw2p7d/Xyf5X0S8RS0wCgYIKoZIzj0EAwIw
DjEMMAoGA1UEAwwDdHdvMCAXDTI2MTEyMTEzMTIyM1oYDzIxMjYxMDI4MTMxMjIz
WjAOMQwwCgYDVQQDDAN0d28wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR8DIC7
vUVsYC3SiV0Uubz2af6nCewgmyFT+uzIAMIEm2sNYp0Q+c16qvdab2bNFIeM1HhT
DxPUx1M50O6hUruto1MwUTAdBgNVHQ4EFgQUMhQUIuH8eJphQk6NzPW9G7Sjq0cw
HwYDVR0jBBgwFoAUMhQUIuH8eJphQk6NzPW9G7Sjq0cwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNJADBGAiEAg+Zfge4u6+73LCwO0KbfOol8sr8l5/bdackg
VrIA/5kCIQD+SX69FuT+CV2I2HlAoZosUMYLXREmuvCjRa9SO22UMQ==
-----END CERTIFICATE-----\n";

    #[test]
    fn an_authority_that_the_task_names_is_trusted_alone() {
        let mut machine = Fake::default();
        for folder in ["/etc/ssl", "/etc/ssl/certs"] {
            machine.make_dir(Path::new(folder), 0o755).unwrap();
        }
        let meta = Meta { mode: 0o644, uid: 0, gid: 0 };
        for (path, text) in
            [(BUNDLES[0], [ONE, OTHER].concat()), ("/srv/own.pem", ONE.into()), ("/srv/none.pem", String::new())]
        {
            machine.write(Path::new(path), Source::Bytes(text.as_bytes()), meta).unwrap();
        }
        let trusted = |ca: Option<&str>| {
            let ask = Ask { ca_path: ca.map(Into::into), ..Ask::get("https://x") };
            roots(&machine, &ask).map(|store| store.len())
        };
        assert_eq!(trusted(None).unwrap(), 2);
        assert_eq!(trusted(Some("/srv/own.pem")).unwrap(), 1);
        assert!(trusted(Some("/srv/none.pem")).is_err());
    }
}
