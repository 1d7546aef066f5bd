import CallModel
import Runtime
import Synchronization
import Testing

@testable import QueryAPI

struct RouteMemoryTests {
    private func explained(
        _ number: Int, _ orders: KeptOrders, _ memory: RouteMemory, readsContent: Bool = true
    ) throws -> [UInt8] {
        var work = Explaining(orders.samples, readsContent: readsContent)
        return try #require(try work.explain(call: "c\(number)", memory))
    }

    private let failures = stride(from: 5, to: 240, by: 6)

    @Test(arguments: [true, false])
    func `what is known of a route changes no answer`(readsContent: Bool) throws {
        let orders = KeptOrders(240)
        let memory = RouteMemory(.init())
        for number in failures {
            let warm = try explained(number, orders, memory, readsContent: readsContent)
            let cold = try explained(number, orders, RouteMemory(.init()), readsContent: readsContent)
            #expect(warm == cold)
        }
    }

    @Test func `a route is read once, and who may not read bodies has one of his own`() throws {
        let orders = KeptOrders(240)
        let memory = RouteMemory(.init())
        for number in failures { _ = try explained(number, orders, memory) }
        #expect(orders.openedCount == 240)
        let text = String(decoding: try explained(101, orders, memory, readsContent: false), as: UTF8.self)
        #expect(orders.openedCount == 480)
        #expect(!text.contains("Springfield"))
    }

    @Test func `of what came in only the new is read, and the answer is that of who reads all`() throws {
        let orders = KeptOrders(240)
        let memory = RouteMemory(.init())
        _ = try explained(101, orders, memory)
        orders.add(240..<300)
        let warm = try explained(101, orders, memory)
        #expect(orders.openedCount == 300)
        #expect(try warm == explained(101, orders, RouteMemory(.init())))
        #expect(try explained(299, orders, memory) == explained(299, orders, RouteMemory(.init())))
    }

    @Test func `what has gone is known no more`() throws {
        let orders = KeptOrders(240)
        let memory = RouteMemory(.init())
        _ = try explained(101, orders, memory)
        orders.remove(110..<240)
        #expect(try explained(101, orders, memory) == explained(101, orders, RouteMemory(.init())))
        orders.empty(block: 0)
        let warm = try explained(101, orders, memory)
        #expect(try warm == explained(101, orders, RouteMemory(.init())))
    }

    @Test func `what is known is bounded, by count and by age, and what goes is counted`() throws {
        let metrics = MetricsRegistry()
        let clock = Mutex(Int64(0))
        let memory = RouteMemory(metrics) { clock.withLock { $0 } }
        func figure(_ name: String) -> Int? {
            let lines = String(decoding: metrics.exposition(), as: UTF8.self).split(separator: "\n")
            return lines.first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.utf8.count + 1)) }
                .map { Int($0) }
        }
        for route in 0..<RouteMemory.routesMax + 3 {
            clock.withLock { $0 += 1 }
            _ = try explained(5, KeptOrders(240, route: "POST /orders/\(route)"), memory)
        }
        #expect(figure("farwatch_explain_routes") == RouteMemory.routesMax)
        #expect(figure("farwatch_explain_routes_forgotten_total") == 3)
        #expect(try #require(figure("farwatch_explain_routes_bytes")) <= RouteMemory.byteCountMax)
        clock.withLock { $0 += RouteMemory.keptTime.nanoseconds + 1 }
        #expect(figure("farwatch_explain_routes") == 0)
        #expect(figure("farwatch_explain_routes_forgotten_total") == RouteMemory.routesMax + 3)
    }
}
