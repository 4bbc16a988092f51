using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Limits;

/// <summary>The uses of one credential or application in the current windows. Callers hold the lock on the object itself.</summary>
internal sealed class LimitCounters(string subjectId)
{
    private readonly List<Counter> counters = [];

    public string SubjectId => subjectId;

    /// <summary>Whether the limiter removed this object. A use that still holds it must fetch a new one, otherwise its count would be lost.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Monotonic time of the last use.</summary>
    public long TouchedAt { get; set; }

    public IReadOnlyList<Counter> All => counters;

    public bool HasUnwritten => counters.Exists(counter => counter.Unwritten > 0);

    /// <summary>The counter of a limit, in the window of <paramref name="now"/>. A clock that moves back opens no new window.</summary>
    public Counter For(UseLimit limit, long now)
    {
        var counter = Find(limit);
        var (start, end) = limit.WindowAt(now);
        if (counter is null)
        {
            counters.Add(counter = new Counter(limit, start, end));
        }
        else if (start > counter.Start)
        {
            // Its unwritten count is lost too, because an ended window decides nothing.
            counters.Remove(counter);
            counters.Add(counter = new Counter(limit, start, end));
        }

        return counter;
    }

    private Counter? Find(UseLimit limit)
    {
        foreach (var counter in counters)
        {
            if (counter.Limit.Name == limit.Name && counter.Limit.Span == limit.Span)
            {
                return counter;
            }
        }

        return null;
    }

    /// <summary>Sets a window from the store, at the first use after the subject was forgotten.</summary>
    public void Load(string name, string span, long startsAt, long used, long expiresAt)
    {
        if (!counters.Exists(counter => counter.Limit.Name == name && counter.Limit.Span == span && counter.Start >= startsAt))
        {
            counters.RemoveAll(counter => counter.Limit.Name == name && counter.Limit.Span == span);
            counters.Add(new Counter(new UseLimit(name, 0, span), startsAt, expiresAt) { Used = used });
        }
    }

    /// <summary>The uses in one window of one limit.</summary>
    internal sealed class Counter(UseLimit limit, long start, long end)
    {
        public UseLimit Limit => limit;

        public long Start => start;

        public long End => end;

        /// <summary>Uses of all replicas, as far as this one knows.</summary>
        public long Used { get; set; }

        /// <summary>The part that the store does not know yet.</summary>
        public long Unwritten { get; set; }
    }
}
