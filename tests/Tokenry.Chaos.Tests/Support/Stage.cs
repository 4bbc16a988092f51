namespace Tokenry.Chaos.Tests.Support;

/// <summary>
/// The experiments have a stage of their own (<c>./test --long</c>, and short <c>./test --ci</c>). What carries this trait runs in plain <c>./test</c>
/// too: one crash, one outage and one revocation, so that what breaks all of them shows at once. It stands on methods: run by itself, the test program does not filter rows of a theory.
/// </summary>
internal static class Stage
{
    public const string Name = "Stage";

    public const string Plain = "plain";

    /// <summary>Only in <c>./test --long</c>.</summary>
    public const string Long = "long";
}
