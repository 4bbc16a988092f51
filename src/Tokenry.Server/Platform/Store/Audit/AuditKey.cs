namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>The key of every HMAC of the audit chain. It never changes in the life of a store.</summary>
/// <param name="read">Returns its 32 bytes. They are known only after the key file has been opened.</param>
public sealed class AuditKey(Func<byte[]> read)
{
    /// <summary>32 bytes.</summary>
    public byte[] Bytes => read();
}
