extension SettingsSection {
    private static var secretByteCountMax: Int { 64 << 10 }

    /// A secret: `file:/path` and `env:NAME` say where it lies, anything else is the secret itself. A file is read now,
    /// without the line end at its end. An empty secret is a problem: it would open what it should close.
    public func secret(_ key: String) -> Secret? {
        scalar(key, expected: "a secret").flatMap { secret($0, joined(path, key)) }
    }

    /// Several secrets, such as an old and a new one while one replaces the other; each as in `secret`.
    public func secrets(_ key: String) -> [Secret] {
        strings(key).compactMap { text in
            let place = recorder.environment.value(at: keys + [key]).map { SettingsRecorder.Place.variable($0.name) }
            let value = SettingsValue(text: text, place: place ?? entry(key).map { .mark($0.place) } ?? .file)
            return secret(value, joined(path, key))
        }
    }

    private func secret(_ value: SettingsValue, _ path: String) -> Secret? {
        if value.text.hasPrefix("file:") { return secret(inFile: String(value.text.dropFirst(5)), path, value) }
        if value.text.hasPrefix("env:") { return secret(inVariable: String(value.text.dropFirst(4)), path, value) }
        guard !value.text.isEmpty else { return refuseSecret("`\(path)` is empty", value) }
        return Secret(value.text)
    }

    private func secret(inFile file: String, _ path: String, _ value: SettingsValue) -> Secret? {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(file, byteCountMax: Self.secretByteCountMax)
        } catch {
            return refuseSecret("`\(path)`: \(error)", value)
        }
        var content = bytes[...]
        if content.last == UInt8(ascii: "\n") { content.removeLast() }
        if content.last == UInt8(ascii: "\r") { content.removeLast() }
        guard let text = String(validating: content, as: UTF8.self) else {
            return refuseSecret("`\(path)`: \(file.shown()) is not text in UTF-8", value)
        }
        guard !text.isEmpty else { return refuseSecret("`\(path)`: \(file.shown()) is empty", value) }
        return Secret(text)
    }

    private func secret(inVariable name: String, _ path: String, _ value: SettingsValue) -> Secret? {
        recorder.environment.markUsed(name)
        guard let text = recorder.environment.all[name], !text.isEmpty else {
            return refuseSecret("`\(path)`: the variable \(name.shown()) is not set", value)
        }
        return Secret(text)
    }

    private func refuseSecret(_ message: String, _ value: SettingsValue) -> Secret? {
        recorder.report(message, at: value.place)
        return nil
    }
}
