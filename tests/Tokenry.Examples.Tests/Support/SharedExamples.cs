using System.Collections.Concurrent;

namespace Tokenry.Examples.Tests.Support;

/// <summary>One running example of each kind, started when the first test asks; tests that break one start their own.</summary>
public sealed class SharedExamples : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Example>>> _examples = new(StringComparer.Ordinal);

    internal Task<Example> GetAsync(string name) =>
        _examples.GetOrAdd(name, key => new Lazy<Task<Example>>(() => Example.StartAsync(key))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var example in _examples.Values)
        {
            if (example is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                await (await example.Value).DisposeAsync();
        }
    }
}
