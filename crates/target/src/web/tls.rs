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
    if let Some(path) = &ask.ca_path {
        store.add_parsable_certificates(certificates(machine, path)?);
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
