import Foundation

/// SHA-256 of FIPS 180-4. CryptoKit has it on Apple's systems only, and the tests run elsewhere as well.
enum SHA256 {
    /// Of `bytes`, in hexadecimal, as `sha256sum` writes it
    static func hex(_ bytes: Data) -> String {
        var hash = initial
        var schedule = [UInt32](repeating: 0, count: 64)
        let whole = bytes.count / blockBytes * blockBytes
        bytes.withUnsafeBytes { buffer in
            for start in stride(from: 0, to: whole, by: blockBytes) {
                compress(UnsafeRawBufferPointer(rebasing: buffer[start..<start + blockBytes]), &schedule, &hash)
            }
        }
        padded(bytes.suffix(bytes.count - whole), of: bytes.count).withUnsafeBytes { buffer in
            for start in stride(from: 0, to: buffer.count, by: blockBytes) {
                compress(UnsafeRawBufferPointer(rebasing: buffer[start..<start + blockBytes]), &schedule, &hash)
            }
        }
        return hash.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    private static let blockBytes = 64

    /// §5.1.1: a one, zeros, and the length in bits, up to whole blocks
    private static func padded(_ rest: Data, of count: Int) -> [UInt8] {
        var tail = Array(rest) + [0x80]
        tail += [UInt8](repeating: 0, count: (blockBytes - 8 - tail.count + 2 * blockBytes) % blockBytes)
        return tail + withUnsafeBytes(of: UInt64(8 * count).bigEndian, Array.init)
    }

    /// §6.2.2, with the schedule's memory, which all blocks share
    private static func compress(_ block: UnsafeRawBufferPointer, _ schedule: inout [UInt32], _ hash: inout [UInt32]) {
        schedule.withUnsafeMutableBufferPointer { w in
            constants.withUnsafeBufferPointer { k in
                for t in 0..<16 { w[t] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * t, as: UInt32.self)) }
                for t in 16..<64 {
                    let s0 = rotated(w[t - 15], 7) ^ rotated(w[t - 15], 18) ^ (w[t - 15] >> 3)
                    let s1 = rotated(w[t - 2], 17) ^ rotated(w[t - 2], 19) ^ (w[t - 2] >> 10)
                    w[t] = w[t - 16] &+ s0 &+ w[t - 7] &+ s1
                }
                var (a, b, c, d) = (hash[0], hash[1], hash[2], hash[3])
                var (e, f, g, h) = (hash[4], hash[5], hash[6], hash[7])
                for t in 0..<64 {
                    let sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
                    let t1 = h &+ sum1 &+ ((e & f) ^ (~e & g)) &+ k[t] &+ w[t]
                    let sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
                    let t2 = sum0 &+ ((a & b) ^ (a & c) ^ (b & c))
                    (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
                }
                for (place, word) in [a, b, c, d, e, f, g, h].enumerated() { hash[place] &+= word }
            }
        }
    }

    @inline(__always)
    private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 {
        word >> bits | word << (32 - bits)
    }

    /// §5.3.3
    private static let initial: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    /// §4.2.2
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}
