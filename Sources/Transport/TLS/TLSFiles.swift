import Glibc
import NIOSSL
import Runtime

/// What the files of TLS hold, for whoever reads settings and for `doctor`.
public enum TLSFiles {
    public enum Kind: Sendable {
        /// Whose it is stands first, then those between it and the root.
        case own
        /// Any of them will do.
        case authorities
    }

    /// When what the file holds is of no use any more: seconds since 1970; nil where it cannot be read or holds no certificate.
    public static func endsAt(_ file: String, _ kind: Kind) -> Int64? {
        // Why it cannot be read is told by whoever uses it.
        let ends = (try? ServerTLS.certificates(file, operation: "read"))?.map { Int64($0.notValidAfter) }
        return kind == .own ? ends?.first : ends?.max()
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
            // What is wrong with another file is reported where that one is named.
            guard let key = named.first(where: { $0.file == error.subject })?.key else { return }
            section.report(key, "\(error.subject): \(error.cause)", hint: error.hint)
        }
    }
}
