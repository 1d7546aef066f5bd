import Postgres
import Testing

/// No secret of an address is among what psql gets as arguments.
struct PsqlAccessTests {
    @Test(arguments: [
        "postgresql://fw:pa%20s'%5Cs@db.example:5433/calls?sslmode=verify-full",
        #"host=db.example port=5433 user=fw dbname=calls sslmode=verify-full password='pa s\'\\s'"#,
        #"postgres://db.example:5433/calls?user=fw&password=pa%20s'%5Cs&sslmode=verify-full"#,
    ])
    func `the password is told apart`(address: String) throws {
        let access = try PsqlAccess(address: address)
        #expect(access.password?.reveal == #"pa s'\s"#)
        let parts = Set(access.connection.split(separator: " "))
        #expect(
            parts == ["host='db.example'", "port='5433'", "user='fw'", "dbname='calls'", "sslmode='verify-full'"])
    }

    @Test func `an address without a password, or of a name alone, has none`() throws {
        let access = try PsqlAccess(address: "postgresql:///it's?host=/run/postgresql")
        #expect(access.password == nil)
        #expect(Set(access.connection.split(separator: " ")) == [#"dbname='it\'s'"#, "host='/run/postgresql'"])
        let named = try PsqlAccess(address: "calls")
        #expect(named.connection == "calls" && named.password == nil)
    }

    @Test(arguments: [
        "postgresql://fw:secret@db/calls?sslkey=/k&sslpassword=greyhen",
        "postgresql://fw:secret@db:1:2/x?nonsense=secret",
        "password=secret host",
    ])
    func `what cannot be told without a secret is refused, and the refusal has none in it`(address: String) throws {
        let error = #expect(throws: PostgresError.self) { try PsqlAccess(address: address) }
        #expect(error.map { !"\($0)".contains("secret") && !"\($0)".contains("greyhen") } == true)
    }
}
