import SwiftUI
import TrackerCore

/// The objects that are followed: which one the next tap is for, what became of each, and how to delete it.
struct ObjectChips: View {
    let model: TrackModel

    /// Points; a finger hits what is at least as large (Apple's Human Interface Guidelines, Accessibility)
    private static let target: CGFloat = 44

    var body: some View {
        ScrollView(.horizontal, showsIndicators: false) {
            HStack {
                ForEach(model.objects.list) { chip($0) }
                if !model.objects.list.isEmpty, model.objects.list.count < Objects.most {
                    Button("New object", systemImage: "plus") { model.select(nil) }
                        .tint(model.objects.selected == nil ? Color.accentColor : Color.secondary)
                }
            }
            .buttonStyle(.bordered)
            .padding(.horizontal)
        }
    }

    private func chip(_ object: PointedObject) -> some View {
        HStack(spacing: 0) {
            Button { model.select(object.id) } label: {
                HStack {
                    Circle().fill(colour(object.id)).frame(width: 14, height: 14)
                    Text("\(object.id) \(Words.status(of: object))")
                }
            }
            .tint(model.objects.selected == object.id ? Color.accentColor : Color.secondary)
            .accessibilityLabel(Words.name(of: object))
            .accessibilityAddTraits(model.objects.selected == object.id ? .isSelected : [])
            .accessibilityHint("The next tap or box is for this object.")
            Button(role: .destructive) { delete(object.id) } label: {
                Label("Delete object \(object.id)", systemImage: "xmark.circle")
                    .labelStyle(.iconOnly)
                    .frame(minWidth: Self.target, minHeight: Self.target)
                    .contentShape(.rect)
            }
            .buttonStyle(.borderless)
        }
    }

    private func delete(_ id: Int) {
        Task { await model.delete(id) }
    }

    private func colour(_ id: Int) -> Color {
        let rgb = ObjectColour.of(id).rgb
        return Color(red: Double(rgb.x), green: Double(rgb.y), blue: Double(rgb.z))
    }
}
