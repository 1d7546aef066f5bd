import Glibc
import NIOSSL
import Runtime

/// What the files of TLS hold, for whoever reads settings and for `doctor`.
public enum TLSFiles {
    /// When the first certificate of a file ends: seconds since 1970; nil where the file cannot be read or holds none.
    public static func firstEndsAt(_ file: String) -> Int64? {
        let certificates = try? ServerTLS.certificates(file, operation: "read")  // Who asks is told of that elsewhere.
        return certificates.map { Int64($0[0].notValidAfter) }
    }

    /// Reports, each at its key, files that are missing, and what is wrong with those that are there.
    ///
    /// A file that this user may not read is left to whom it is meant for: commands of the operator's read the same settings as the
    /// service, whose start says it.
    public static func check(_ files: [(key: String, file: String?)], of tls: ServerTLS, _ section: SettingsSection) {
        check(files, section) { () throws(TransportError) in _ = try tls.makeContext() }
    }

    public static func check(_ files: [(key: String, file: String?)], of tls: ClientTLS, _ section: SettingsSection) {
        check(files, section) { () throws(TransportError) in _ = try tls.makeContext() }
    }

    private static func check(
        _ files: [(key: String, file: String?)], _ section: SettingsSection,
        _ makeContext: () throws(TransportError) -> Void
    ) {
        let named = files.compactMap { key, file in file.map { (key: key, file: $0) } }
        let missing = named.filter { !Files.exists($0.file) }
        for (key, file) in missing { section.report(key, "\(file) does not exist") }
        guard missing.isEmpty, named.allSatisfy({ access($0.file, R_OK) == 0 }) else { return }
        do {
            try makeContext()
        } catch {
            let key = named.first { $0.file == error.subject }?.key
            section.report(key, "\(error.subject): \(error.cause)", hint: error.hint)
        }
    }
}
