using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>
/// The last event that retention removed; the oldest kept event follows it. It carries a MAC under the audit key, so that an attacker cannot remove the
/// oldest events and move the anchor after them.
/// </summary>
/// <param name="Seq">Its position; 0 = nothing was removed.</param>
/// <param name="Hash">Its hash.</param>
public sealed record ChainAnchor(long Seq, byte[] Hash)
{
    /// <summary>The anchor of a trail from which retention removed nothing.</summary>
    public static readonly ChainAnchor Genesis = new(0, new byte[32]);

    public const string Select = "SELECT value FROM store_properties WHERE name = 'audit_anchor'";

    /// <returns><c>null</c> if its MAC is not valid under this key.</returns>
    public static ChainAnchor? Read(string? value, byte[] auditKey)
    {
        if (string.IsNullOrEmpty(value))
        {
            return Genesis;
        }

        var parts = value.Split(':');
        if (
            parts.Length != 3
            || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            || parts[1].Length != 64
            || !parts[1].All(char.IsAsciiHexDigitLower)
        )
        {
            return null;
        }

        var anchor = new ChainAnchor(seq, Convert.FromHexString(parts[1]));
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(anchor.Write(auditKey)), Encoding.UTF8.GetBytes(value))
            ? anchor
            : null;
    }

    public Task StoreAsync(WriteTransaction tx, byte[] auditKey) =>
        tx.ExecuteAsync("UPDATE store_properties SET value = @value WHERE name = 'audit_anchor'", new { value = Write(auditKey) });

    private string Write(byte[] auditKey)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{Seq}:{Convert.ToHexStringLower(Hash)}");
        var mac = HMACSHA256.HashData(auditKey, Encoding.ASCII.GetBytes("tokenry/audit-anchor:" + text));
        return $"{text}:{Convert.ToHexStringLower(mac)}";
    }
}
