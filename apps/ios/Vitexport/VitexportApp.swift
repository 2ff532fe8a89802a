import SwiftUI

@main
struct VitexportApp: App {
    @State private var models = Models()

    var body: some Scene {
        WindowGroup {
            RootView(models: models)
        }
    }
}
