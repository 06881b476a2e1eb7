//! Encryption between a tool and the CIB daemon of another host: who both are is shown by certificates of one authority.
//!
//! Pacemaker 2.1 only has anonymous connections here, which nobody can tell from an attacker's, and Pacemaker 3 also shared
//! keys. Neither is done here: rustls leaves them out for good reasons. With certificates all understand each other that
//! know them (Pacemaker 3).

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{
        CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime,
        pem::{self, PemObject},
    },
    server::{VerifierBuilderError, WebPkiClientVerifier},
};

/// What one side shows of itself, and by what it judges the other.
#[derive(Debug)]
pub struct Credentials {
    authority: Arc<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    revoked: Vec<CertificateRevocationListDer<'static>>,
}

/// Why there can be no encryption.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file does not hold what it should.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: pem::Error,
    },
    /// The certificates and the key do not go together.
    #[error("the certificates cannot be used: {0}")]
    Certificates(#[from] rustls::Error),
    /// The authority's certificate, or its list of revoked ones, cannot be used.
    #[error("the authority's certificate cannot be used: {0}")]
    Authority(#[from] VerifierBuilderError),
}

impl Credentials {
    /// What the environment names: `PCMK_ca_file`, `PCMK_cert_file`, `PCMK_key_file` and perhaps `PCMK_crl_file`, or the same
    /// with `CIB_`. `None` unless all three are there.
    pub fn from_environment() -> Result<Option<Self>, TlsError> {
        let file = |what: &str| -> Option<PathBuf> {
            let set = |prefix: &str| {
                std::env::var_os(format!("{prefix}_{what}_file")).filter(|path| !path.is_empty())
            };
            set("PCMK").or_else(|| set("CIB")).map(PathBuf::from)
        };
        let (Some(authority), Some(chain), Some(key)) = (file("ca"), file("cert"), file("key"))
        else {
            return Ok(None);
        };
        Self::read(&authority, &chain, &key, file("crl").as_ref()).map(Some)
    }

    /// Reads the files: an authority's certificates, one's own with those in between, its key, and certificates that are no
    /// longer to be trusted.
    pub fn read(
        authority: &PathBuf,
        chain: &PathBuf,
        key: &PathBuf,
        revoked: Option<&PathBuf>,
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in all::<CertificateDer<'static>>(authority)? {
            roots.add(certificate)?;
        }
        let revoked = revoked.map(all::<CertificateRevocationListDer<'static>>).transpose()?;
        Ok(Self {
            authority: Arc::new(roots),
            chain: all(chain)?,
            key: PrivateKeyDer::from_pem_file(key)
                .map_err(|problem| TlsError::File { path: key.clone(), problem })?,
            revoked: revoked.unwrap_or_default(),
        })
    }

    /// For the side that is connected to: it asks for a certificate of the authority.
    pub fn server(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::clone(&self.authority), provider())
                .with_crls(self.revoked.iter().cloned())
                .only_check_end_entity_revocation()
                .allow_unknown_revocation_status()
                .build()?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        Ok(Arc::new(config))
    }

    /// For the side that connects.
    pub fn client(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::clone(&self.authority), provider())
                .with_crls(self.revoked.iter().cloned())
                .only_check_end_entity_revocation()
                .allow_unknown_revocation_status()
                .build()?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyNode(verifier)))
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())?;
        Ok(Arc::new(config))
    }
}

fn all<T: PemObject>(path: &PathBuf) -> Result<Vec<T>, TlsError> {
    let wrong = |problem| TlsError::File { path: path.clone(), problem };
    T::pem_file_iter(path).map_err(wrong)?.collect::<Result<_, _>>().map_err(wrong)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Whoever has a certificate of the cluster's own authority is one of its nodes, whatever name is in it: as Pacemaker does,
/// whose certificates need no names.
#[derive(Debug)]
struct AnyNode(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyNode {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use rustls::CertificateError::{NotValidForName, NotValidForNameContext};
        let verified =
            self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // The name is looked at last, when all else is as it should be.
            Err(rustls::Error::InvalidCertificate(
                NotValidForName | NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::{ClientConnection, ServerConnection};

    use super::*;

    fn credentials(name: &str, with_list: bool) -> Credentials {
        let file =
            |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("certificates").join(name);
        let list = file("revoked.crl");
        let (chain, key) = (file(&format!("{name}.pem")), file(&format!("{name}.key")));
        Credentials::read(&file("authority.pem"), &chain, &key, with_list.then_some(&list)).unwrap()
    }

    /// Lets two sides talk in memory until both are content or one is not.
    fn meet(client: &Credentials, server: &Credentials, host: &str) -> Result<(), rustls::Error> {
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let mut client = ClientConnection::new(client.client().unwrap(), name)?;
        let mut server = ServerConnection::new(server.server().unwrap())?;
        for _ in 0..10 {
            let mut bytes = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut bytes).unwrap();
            }
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets()?;
            bytes.clear();
            while server.wants_write() {
                server.write_tls(&mut bytes).unwrap();
            }
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        Ok(())
    }

    #[test]
    fn members_of_one_authority_meet_under_any_name() {
        let node = credentials("node", false);
        for host in ["node", "127.0.0.1", "other.example.com"] {
            assert_eq!(meet(&node, &node, host), Ok(()), "{host}");
        }
    }

    #[test]
    fn strangers_do_not_meet_members() {
        let (node, stranger) = (credentials("node", false), credentials("stranger", false));
        assert!(meet(&stranger, &node, "node").is_err());
        assert!(meet(&node, &stranger, "node").is_err());
    }

    #[test]
    fn what_was_taken_back_counts_where_that_is_known() {
        let revoked = credentials("revoked", false);
        assert_eq!(meet(&revoked, &credentials("node", false), "node"), Ok(()));
        assert!(meet(&revoked, &credentials("node", true), "node").is_err());
        assert!(meet(&credentials("node", true), &revoked, "node").is_err());
        assert_eq!(meet(&credentials("node", true), &credentials("node", true), "node"), Ok(()));
    }

    #[test]
    fn files_that_are_something_else_are_named() {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("certificates/README.md");
        let wrong = Credentials::read(&file, &file, &file, None).unwrap_err();
        assert!(wrong.to_string().contains("README.md"), "{wrong}");
    }
}
