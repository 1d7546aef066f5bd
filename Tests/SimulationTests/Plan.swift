import SimulationKit

/// What goes wrong in one run: chosen by the seed, some of everything or much of one thing.
struct Plan {
    var agentCount = 1
    var aggregatorCount = 1
    var network = SimulatedNetwork.Conditions()
    /// Of a thousand transactions.
    var databaseTroublePerMille = 0
    /// How long a transaction takes at most.
    var commitTimeMax: Duration = .milliseconds(50)
    /// How many of each befall the run.
    var agentCrashes = 0
    var powerLosses = 0
    var aggregatorCrashes = 0
    var databaseOutages = 0
    var cuts = 0
    var fullDisks = 0
    var diskErrors = 0
    var clockJumps = 0
    var refusesSomeCalls = false
    /// Little room on disk, large bodies and a long outage: the spools must shed.
    var isTight = false
    /// Kept small, so that bounds are met.
    var spoolByteCountMax = 8 << 20
    var ingestByteCountMax = 1 << 20
    var appendsPerAgent = 30
    var callsPerAppendMax = 6
    /// Between two appends at most.
    var pause: Duration = .milliseconds(600)
    var bodyByteCountMax = 60

    /// How long trouble lasts; then all is repaired, and everything must arrive.
    static let troubleTime: Duration = .seconds(60)

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed &* 0x9e37_79b9)
        func some(_ countMax: Int) -> Int { random.oneIn(2) ? 0 : Int.random(in: 1...countMax, using: &random) }
        agentCount = Int.random(in: 1...3, using: &random)
        aggregatorCount = Int.random(in: 1...2, using: &random)
        network.lostPerMille = some(300)
        network.doubledPerMille = some(300)
        network.latePerMille = some(200)
        network.delayMax = .milliseconds(Int.random(in: 1...400, using: &random))
        databaseTroublePerMille = some(300)
        commitTimeMax = .milliseconds(random.oneIn(4) ? 8_000 : 40)
        agentCrashes = some(4)
        powerLosses = some(3)
        aggregatorCrashes = some(4)
        databaseOutages = some(2)
        cuts = some(3)
        fullDisks = some(2)
        diskErrors = some(12)
        clockJumps = some(3)
        refusesSomeCalls = random.oneIn(6)
        isTight = random.oneIn(12)
        if isTight {
            (agentCount, aggregatorCount) = (1, 1)
            spoolByteCountMax = Int.random(in: 32...56, using: &random) << 12
            (appendsPerAgent, callsPerAppendMax, bodyByteCountMax) = (120, 16, 600)
            (databaseTroublePerMille, refusesSomeCalls) = (0, false)
        }
        ingestByteCountMax = random.oneIn(3) ? 8 << 10 : 1 << 20
    }
}
