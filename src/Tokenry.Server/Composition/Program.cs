using Tokenry.Server.Composition;
using Tokenry.Server.Platform.Settings;

ProcessHardening.Apply();
try
{
    if (!CommandLine.StartsServer(args))
    {
        return await CommandTree.RunAsync(args);
    }

    CommandLine.CheckServerArguments(args);
    await using var server = await TokenryServer.BuildAsync(args);
    await server.RunAsync();
    return 0;
}
catch (UsageException exception)
{
    await Console.Error.WriteLineAsync($"{exception.Message}\n\n{CommandTree.Help(args)}");
    return 2;
}
catch (Exception exception) when (StartFault.Describe(exception) is { } faults)
{
    foreach (var fault in faults)
    {
        await Console.Error.WriteLineAsync(fault);
    }

    return 1;
}
