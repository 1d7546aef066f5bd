import CLibpq
import Runtime

/// What `psql` is given to reach the database of an address. Whoever is on the machine can read a process's arguments, its environment
/// only its own user: so the password goes there (`PGPASSWORD`), all else as one argument.
public struct PsqlAccess: Sendable {
    /// In libpq's `keyword=value` form, or as it was given where it is but a database's name.
    public let connection: String
    public let password: Secret?

    /// - Parameter address: a URI or libpq's `keyword=value` form, as `PostgresSettings` takes it.
    public init(address: String) throws(PostgresError) {
        guard ["postgresql://", "postgres://"].contains(where: address.hasPrefix) || address.contains("=") else {
            (connection, password) = (address, nil)
            return
        }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(address, &message) else {
            PQfreemem(message)  // It may quote the address, password included.
            throw PostgresError(
                .connect, operation: "read the address", message: "it is neither a URI nor `keyword=value` pairs")
        }
        defer { PQconninfoFree(options) }
        var parts: [String] = []
        var password: Secret?
        var option = options
        // The list ends with an option without a name (PostgreSQL manual, PQconndefaults).
        while let keyword = option.pointee.keyword.map({ String(cString: $0) }) {
            defer { option += 1 }
            guard let value = option.pointee.val.map({ String(cString: $0) }), !value.isEmpty else { continue }
            if keyword == "password" {
                password = Secret(value)
            } else if option.pointee.dispchar.pointee == CChar(UInt8(ascii: "*")) {
                throw PostgresError(
                    .connect, operation: "read the address",
                    message: "psql takes `\(keyword)` among its arguments alone, where others can read it")
            } else {
                parts.append("\(keyword)=\(quotedForConnectionString(value))")
            }
        }
        connection = parts.joined(separator: " ")
        self.password = password
    }
}
