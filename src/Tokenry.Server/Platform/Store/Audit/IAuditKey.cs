namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>Where the chain of the audit trail finds its key.</summary>
public interface IAuditKey
{
    /// <summary>The key of every HMAC of the chain, 32 bytes. It never changes in the life of a store.</summary>
    byte[] AuditKey { get; }
}
