"""A certificate authority of the laboratory's own, and what it signed: right and wrong."""
import hashlib
import pathlib
import subprocess


def openssl(*words, stdin=None):
    return subprocess.run(["openssl", *map(str, words)], input=stdin, check=True, capture_output=True, timeout=20).stdout


class Authority:
    def __init__(self, folder):
        self.dir = pathlib.Path(folder)
        self.dir.mkdir(parents=True)
        self.cert, self.key = self.dir / "ca.pem", self.dir / "ca.key"
        self._self_signed("laboratory CA", self.cert, self.key, "basicConstraints=critical,CA:TRUE")
        (self.dir / "index.txt").write_text("")
        (self.dir / "serial").write_text("1000\n")
        (self.dir / "ca.cnf").write_text(
            "[ca]\ndefault_ca=lab\n[lab]\n"
            f"database={self.dir}/index.txt\nserial={self.dir}/serial\nnew_certs_dir={self.dir}\n"
            f"certificate={self.cert}\nprivate_key={self.key}\ndefault_md=sha256\npolicy=any\nunique_subject=no\n"
            "copy_extensions=copy\n[any]\ncommonName=supplied\n")

    def _self_signed(self, name, cert, key, *extensions):
        words = [w for e in extensions for w in ("-addext", e)]
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2,
                "-subj", f"/CN={name}", *words, "-keyout", key, "-out", cert)

    def files(self, name):
        return self.dir / f"{name}.pem", self.dir / f"{name}.key"

    def signed(self, name, *, until=None):
        """(certificate, key) for that host; until: YYYYMMDDHHMMSSZ, of an expired one."""
        cert, key = self.files(name if not until else f"{name}-expired")
        request = self.dir / "request.pem"
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", request)
        when = ["-startdate", "20200101000000Z", "-enddate", until] if until else ["-days", 2]
        openssl("ca", "-batch", "-notext", "-config", self.dir / "ca.cnf", *when, "-in", request, "-out", cert)
        return cert, key

    def with_authority(self, files):
        """The same, and shown together with the authority's own."""
        chain = files[0].with_suffix(".chain")
        chain.write_text(files[0].read_text() + self.cert.read_text())
        return chain, files[1]

    def self_signed(self, name):
        cert, key = self.dir / f"{name}-self.pem", self.dir / f"{name}-self.key"
        self._self_signed(name, cert, key, f"subjectAltName=DNS:{name}")
        return cert, key


def tlsa_spki(cert):
    """The data of a TLSA record "3 1 1": SHA-256 of the public key."""
    public = openssl("x509", "-in", cert, "-pubkey", "-noout")
    return hashlib.sha256(openssl("pkey", "-pubin", "-outform", "DER", stdin=public)).hexdigest()


def tlsa_cert(cert):
    """Of "2 0 1": SHA-256 of a whole certificate."""
    return hashlib.sha256(openssl("x509", "-in", cert, "-outform", "DER")).hexdigest()
