/// The one thing that made a file unreadable as YAML.
struct YAMLFailure: Error, Equatable {
    var message: String
    var hint: String?
    var mark: SettingsMark
}
