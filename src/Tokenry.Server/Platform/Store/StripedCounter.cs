namespace Tokenry.Server.Platform.Store;

/// <summary>A count for the hottest paths: each processor has a cell of its own in a cache line of its own, and reading adds them up.</summary>
internal sealed class StripedCounter
{
    private const int CellsPerLine = 16; // 128 bytes: processors fetch lines in pairs

    private readonly long[] cells;
    private readonly int mask;

    public StripedCounter()
    {
        var stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 64));
        mask = stripes - 1;
        cells = new long[(stripes + 1) * CellsPerLine];
    }

    public void Increment() => Interlocked.Increment(ref cells[((Thread.GetCurrentProcessorId() & mask) + 1) * CellsPerLine]);

    public long Value
    {
        get
        {
            var sum = 0L;
            for (var cell = CellsPerLine; cell < cells.Length; cell += CellsPerLine)
            {
                sum += Interlocked.Read(ref cells[cell]);
            }

            return sum;
        }
    }
}
