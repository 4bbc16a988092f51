using Tokenry.Server.Core.Principals;

namespace Tokenry.Server.Core.Limits;

/// <summary>The uses of one credential or application in the windows that run now. Every member is used under the lock of the object itself.</summary>
internal sealed class LimitCounters(string subjectId)
{
    private readonly List<Counter> counters = [];

    public string SubjectId => subjectId;

    /// <summary>Whether it was forgotten: whoever still holds it must ask for a new one, or its uses would be counted nowhere.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Monotonic time of the last use.</summary>
    public long TouchedAt { get; set; }

    public IReadOnlyList<Counter> All => counters;

    public bool HasUnwritten => counters.Exists(counter => counter.Unwritten > 0);

    /// <summary>The counter of a limit, moved to the window of <paramref name="now"/>; a clock that steps back opens no new window.</summary>
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
            // What the last window still had to write goes with it: a window that is over decides nothing any more.
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

    /// <summary>What the store knows of a window, on the first use since the subject was forgotten.</summary>
    public void Load(string name, string span, long startsAt, long used, long expiresAt)
    {
        if (!counters.Exists(counter => counter.Limit.Name == name && counter.Limit.Span == span && counter.Start >= startsAt))
        {
            counters.RemoveAll(counter => counter.Limit.Name == name && counter.Limit.Span == span);
            counters.Add(new Counter(new UseLimit(name, 0, span), startsAt, expiresAt) { Used = used });
        }
    }

    /// <summary>Uses in one window of one limit.</summary>
    internal sealed class Counter(UseLimit limit, long start, long end)
    {
        public UseLimit Limit => limit;

        public long Start => start;

        public long End => end;

        /// <summary>By all replicas, as far as known here.</summary>
        public long Used { get; set; }

        /// <summary>Of those, what the store does not know yet.</summary>
        public long Unwritten { get; set; }
    }
}
