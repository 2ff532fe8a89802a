// Masks over the picture: logits are enlarged bilinearly, then compared with zero.

#include <metal_stdlib>
using namespace metal;

/// Where the upright picture lies in the view; MaskRenderer.swift has the same layout.
struct MaskPlacement {
    /// Lower left corner and size, in clip coordinates (-1 to 1, y up)
    float2 origin;
    float2 size;
    /// 1 for the front camera, which is mirrored only here
    uint mirrored;
};

/// How one object is drawn; MaskRenderer.swift has the same layout.
struct MaskPaint {
    /// Not multiplied by its opacity, which is `colour.a`
    float4 colour;
    /// Which slice of the texture has its logits
    uint slice;
};

struct MaskCorner {
    float4 position [[position]];
    /// In the picture, from its upper left corner: 0 to 1
    float2 place;
    uint object [[flat]];
};

/// Two triangles (a strip of four corners) for each object.
vertex MaskCorner maskVertex(
    uint corner [[vertex_id]], uint object [[instance_id]], constant MaskPlacement &placement [[buffer(0)]]
) {
    float2 unit = float2(corner & 1, corner >> 1);
    MaskCorner out;
    out.position = float4(placement.origin + unit * placement.size, 0, 1);
    out.place = float2(placement.mirrored ? 1 - unit.x : unit.x, 1 - unit.y);
    out.object = object;
    return out;
}

/// As PyTorch enlarges: pixel centres lie at halves, and what lies beyond the edge is the edge.
static float enlarged(texture2d_array<float> logits, uint slice, float2 place) {
    float2 last = float2(logits.get_width() - 1, logits.get_height() - 1);
    float2 at = clamp(place * (last + 1) - 0.5, float2(0), last);
    uint2 low = uint2(at);
    uint2 high = min(low + 1, uint2(last));
    float2 share = at - float2(low);
    float upper = mix(logits.read(low, slice).r, logits.read(uint2(high.x, low.y), slice).r, share.x);
    float lower = mix(logits.read(uint2(low.x, high.y), slice).r, logits.read(high, slice).r, share.x);
    return mix(upper, lower, share.y);
}

fragment float4 maskFragment(
    MaskCorner in [[stage_in]], texture2d_array<float> logits [[texture(0)]],
    constant MaskPaint *paints [[buffer(0)]]
) {
    MaskPaint paint = paints[in.object];
    if (enlarged(logits, paint.slice, in.place) <= 0) {
        return float4(0);
    }
    return float4(paint.colour.rgb * paint.colour.a, paint.colour.a);
}
