namespace Tokenry.Server.Platform.Store.Audit;

/// <summary>An event's place in the chain; the next event follows the newest one.</summary>
public sealed record ChainHead
{
    public long Seq { get; init; }

    public byte[] Hash { get; init; } = [];

    /// <summary>When the event was, or when a signed head was made; Unix milliseconds.</summary>
    public long At { get; init; }

    /// <summary>For a signed head: the id of its store; <c>null</c> = an older version wrote the head without it.</summary>
    public string? Store { get; init; }

    /// <summary>Whether this is the same event.</summary>
    public bool IsAs(ChainHead other) => Seq == other.Seq && Hash.AsSpan().SequenceEqual(other.Hash);
}

/// <summary>The store's trail does not contain an event that it once held: events were removed or rewritten, or an older copy was restored.</summary>
/// <param name="Known">The event that was known.</param>
/// <param name="Found">The newest event that the store has instead; <c>null</c> = none.</param>
public sealed record ChainFault(ChainHead Known, ChainHead? Found)
{
    public const string RolledBack = "store.rolled_back";
    public const string Broken = "audit.chain_broken";

    /// <summary>The action of the audit event that reports it: the newest events are missing, or the history differs.</summary>
    public string Action => Missing > 0 ? RolledBack : Broken;

    /// <summary>How many of the newest events are missing.</summary>
    public long Missing => Math.Max(0, Known.Seq - (Found?.Seq ?? 0));

    /// <summary>How much older the newest event is than the known event.</summary>
    public TimeSpan Back => Found is null ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(0, Known.At - Found.At));

    public override string ToString() =>
        Missing > 0
            ? $"The newest {Missing} audit events are gone: event {Known.Seq} ({Time(Known)}) was known, the newest in the store is "
                + (Found is null ? "none" : $"{Found.Seq} ({Time(Found)})")
            : $"The audit trail was rewritten: event {Known.Seq} ({Time(Known)}) is not the one that was known";

    private static string Time(ChainHead head) =>
        DateTimeOffset
            .FromUnixTimeMilliseconds(head.At)
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
