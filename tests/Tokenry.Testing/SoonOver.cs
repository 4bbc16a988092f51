namespace Tokenry.Testing;

/// <summary>Makes things that end a moment later.</summary>
public static class SoonOver
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Makes something that must not have ended before it is made. The moment is short; where the machine is too busy for it, it is tried again with a longer one.
    /// </summary>
    /// <param name="make">Makes it with that end, or throws <see cref="UnexpectedResponseException"/>.</param>
    public static async Task<T> MakeAsync<T>(Func<DateTimeOffset, Task<T>> make)
    {
        for (var moment = TimeSpan.FromSeconds(1); ; moment *= 2)
        {
            try
            {
                return await make(TimeProvider.System.GetUtcNow() + moment);
            }
            catch (UnexpectedResponseException) when (moment < Longest)
            {
                // It ended first.
            }
        }
    }
}
