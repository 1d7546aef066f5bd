import CallModel
import Documents

/// What the scalars of calls of one structure are for, in their order (`KnownStructures`).
final class CallPlan {
    enum Step {
        case call(CallField)
        case request(MessageField)
        case response(MessageField)
        /// The number of its name.
        case requestHeader(Int)
        case responseHeader(Int)
        /// The number of its body, of which all leaves follow.
        case requestBody(Int)
        case responseBody(Int)
    }

    let steps: [Step]
    /// Of headers; valid as long as this is.
    let names: [CallRow.Text]
    let bodies: [ShapePlan]
    let hasResponse: Bool
    /// What `names` point into; allocated in `init`, freed in `deinit`, never changed between.
    private let nameBytes: UnsafeMutablePointer<UInt8>

    fileprivate init(_ planner: CallPlanner) {
        (steps, bodies, hasResponse) = (planner.steps, planner.bodies, planner.hasResponse)
        let bytes = planner.names.joined()
        nameBytes = .allocate(capacity: max(1, bytes.count))
        var names: [CallRow.Text] = []
        var end = nameBytes
        for name in planner.names {
            end.initialize(from: name, count: name.count)
            names.append(CallRow.Text(start: end, count: name.count))
            end += name.count
        }
        self.names = names
    }

    deinit { nameBytes.deallocate() }
}

/// Works out the plan of a call that the skimmer took, by walking through its text.
///
/// Refused is what may be read in one way in this call and in another in the next: fields given twice, bodies that are text.
struct CallPlanner {
    typealias NotPlain = StructureScanner.NotPlain
    typealias BodyPlanner = (inout StructureScanner) throws(NotPlain) -> ShapePlan

    private let planBody: BodyPlanner
    fileprivate private(set) var steps: [CallPlan.Step] = []
    fileprivate private(set) var names: [[UInt8]] = []
    fileprivate private(set) var bodies: [ShapePlan] = []
    fileprivate private(set) var hasResponse = false

    init(planBody: @escaping BodyPlanner) {
        self.planBody = planBody
    }

    /// Of the calls passed: of one.
    var plan: CallPlan { CallPlan(self) }

    mutating func call(_ scanner: inout StructureScanner) throws(NotPlain) {
        var fields: Set<CallField> = []
        try scanner.members { (key, scanner) throws(NotPlain) in
            guard let field = CallField.table[key], fields.insert(field).inserted else { throw NotPlain() }
            switch field {
            case .request where scanner.isAtObject: try message(&scanner, isRequest: true)
            case .response where scanner.isAtObject:
                hasResponse = true
                try message(&scanner, isRequest: false)
            default:
                steps.append(.call(field))
                try scanner.scalar()
            }
        }
    }

    private mutating func message(_ scanner: inout StructureScanner, isRequest: Bool) throws(NotPlain) {
        var fields: Set<MessageField> = []
        try scanner.members { (key, scanner) throws(NotPlain) in
            guard let field = MessageField.table[key], fields.insert(field).inserted else { throw NotPlain() }
            if field == .headers, scanner.isAtObject {
                try headers(&scanner, isRequest: isRequest)
            } else if field == .body, scanner.isAtObject || scanner.isAtArray {
                bodies.append(try planBody(&scanner))
                steps.append(isRequest ? .requestBody(bodies.count - 1) : .responseBody(bodies.count - 1))
            } else if field == .body, !scanner.isAtNull {
                throw NotPlain()
            } else {
                steps.append(isRequest ? .request(field) : .response(field))
                try scanner.scalar()
            }
        }
    }

    private mutating func headers(_ scanner: inout StructureScanner, isRequest: Bool) throws(NotPlain) {
        try scanner.members { (key, scanner) throws(NotPlain) in
            names.append(Array(key))
            steps.append(isRequest ? .requestHeader(names.count - 1) : .responseHeader(names.count - 1))
            try scanner.scalar()
        }
    }
}
