import CallModel
import Documents

/// What a call's field may hold, whether its document was parsed or is of a known structure.
protocol CallScalar {
    var isNull: Bool { get }
    /// Of a string.
    var utf8: CallRow.Text? { get }
    /// Of a whole number.
    var int64: Int64? { get }
    /// Of any number.
    var double: Double? { get }
}

extension JSONValue: CallScalar {}
extension JSONScalar: CallScalar {}
