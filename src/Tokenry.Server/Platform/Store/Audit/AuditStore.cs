namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>Statements about audit events besides the chain's own.</summary>
public static class AuditStore
{
    /// <summary>Erases names and other free text from the events about a principal that is deleted; their pseudonyms stay in the chain.</summary>
    public static Task EraseTargetAsync(WriteTransaction tx, string id) =>
        tx.ExecuteAsync("UPDATE audit_events SET personal = NULL WHERE target_id = @id AND personal IS NOT NULL", new { id });
}
