import Alerting
import Runtime
import Testing

@testable import Notifiers

struct CommandTests {
    private func deliver(_ script: String, timeout: Duration = .seconds(600)) async -> Delivery {
        await CommandChannel("/bin/sh", ["-c", script]).deliver(message(), timeout: timeout)
    }

    @Test func `a program gets the message on its standard input and a small environment`() async {
        let delivery = await deliver(
            #"grep -c '"type":"incident.opened"'; echo $FARWATCH_MESSAGE_ID $FARWATCH_KIND $HOME"#)
        #expect(delivery == .delivered(said: "1 42-ops-1 opened"))
    }

    @Test(arguments: [
        (1, DeliveryFailure.Kind.temporary(retryAfter: nil)), (64, .refused), (65, .refused),
        (75, .temporary(retryAfter: nil)),
        (78, .setting),
    ])
    func `its exit code says what is to become of the message`(_ code: Int, _ kind: DeliveryFailure.Kind) async {
        let delivery = await deliver("echo why >&2; exit \(code)")
        #expect(delivery.failure == DeliveryFailure(kind, "exited with \(code): why"))
    }

    @Test func `its time and what it says are bounded`() async {
        let slow = await deliver("sleep 600", timeout: .milliseconds(300))
        #expect(slow.failure?.kind == .temporary(retryAfter: nil))
        let loud = await deliver("yes | head -c 3000000; exit 0")
        guard case .delivered(let said, _) = loud else { Issue.record("\(loud)"); return }
        #expect(said.utf8.count <= 200)
    }

    @Test func `a program that is not there is a setting`() async {
        let delivery = await CommandChannel("/nonexistent/program").deliver(message(), timeout: .seconds(600))
        #expect(delivery.failure?.kind == .setting)
    }

    @Test func `one that does not read its input is no trouble`() async {
        var large = message()
        large.text = String(repeating: "x", count: 200_000)
        let delivery = await CommandChannel("/bin/true").deliver(large, timeout: .seconds(600))
        #expect(delivery.isDelivered)
    }
}
