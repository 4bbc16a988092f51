using Tokenry.Server.Platform.Files;

namespace Tokenry.Server.Tests.Platform.Files;

public sealed class PrivateDirectoryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tokenry-private-").FullName;

    /// <summary>A server that started while a command ended was told that a file belongs to another user.</summary>
    [Fact]
    public async Task Files_that_go_meanwhile_are_no_fault()
    {
        using var enough = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var coming = Task.Run(() =>
        {
            var paths = Enumerable.Range(0, 300).Select(i => Path.Combine(_directory, $"{i}")).ToList();
            while (!enough.IsCancellationRequested)
            {
                foreach (var path in paths)
                    File.WriteAllText(path, ""); // open to others to read, by the umask of whoever runs tests
                begun.TrySetResult();
                paths.ForEach(File.Delete);
            }
        });
        await begun.Task;
        var fault = Record.Exception(() =>
        {
            for (var i = 0; i < 300; i++)
                PrivateDirectory.Close(_directory);
        });
        await enough.CancelAsync();
        await coming;
        Assert.Null(fault);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
